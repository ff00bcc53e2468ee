package dev.partita.compiler.lint;

import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.UnaryTree;
import com.sun.source.util.TreePath;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemException;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.TypeMirror;

/// Says the expressions of a class: constants as they are, words of Partita by calling the same
/// method of this Partita, each once.
final class Speaker {
    private static final String NO_CONSTANT = "it is not a constant";

    private final Source source;
    private final Members members;
    private final Report report;
    private final Blame blame;
    private final IdentityHashMap<Tree, Said> said = new IdentityHashMap<>();

    Speaker(Source source, Members members, Report report) {
        this.source = source;
        this.members = members;
        this.report = report;
        this.blame = new Blame(source);
    }

    /// What an expression gives. Its Problems are reported, where they are new.
    Said say(TreePath expression) {
        Said known = said.get(expression.getLeaf());
        if (known == null) {
            said.put(expression.getLeaf(), unseen(expression)); // what it is within itself
            known = sayAnew(expression);
            said.put(expression.getLeaf(), known);
        }
        return known;
    }

    private Said sayAnew(TreePath path) {
        return switch (path.getLeaf()) {
            case LiteralTree literal -> known(Optional.ofNullable(literal.getValue()), path);
            case ParenthesizedTree parens -> say(source.at(path, parens.getExpression()));
            case UnaryTree unary ->
                    say(source.at(path, unary.getExpression())) instanceof Said.Value(Object value)
                            ? known(Constants.unary(unary.getKind(), value), path)
                            : unseen(path);
            case BinaryTree binary ->
                    say(source.at(path, binary.getLeftOperand())) instanceof Said.Value(Object a)
                                    && say(source.at(path, binary.getRightOperand()))
                                            instanceof Said.Value(Object b)
                            ? known(Constants.binary(binary.getKind(), a, b), path)
                            : unseen(path);
            case IdentifierTree _, MemberSelectTree _ -> name(path);
            case MethodInvocationTree call -> call(path, call.getArguments());
            case NewClassTree creation when creation.getClassBody() == null ->
                    call(path, creation.getArguments());
            default -> unseen(path);
        };
    }

    private static Said known(Optional<Object> value, TreePath path) {
        return value.<Said>map(Said.Value::new).orElseGet(() -> unseen(path));
    }

    private static Said unseen(TreePath path) {
        return new Said.Unseen(path, NO_CONSTANT);
    }

    private Said name(TreePath path) {
        if (!(source.element(path) instanceof VariableElement variable)) {
            return unseen(path);
        }
        if (variable.getConstantValue() != null) {
            return new Said.Value(variable.getConstantValue());
        }
        return members.constant(variable)
                .<Said>map(Said.Value::new)
                .or(() ->
                        source.variables()
                                .initializer(variable)
                                .map(this::say)
                                .map(value -> as(variable.asType(), value, path)))
                .orElseGet(() -> unseen(path));
    }

    private static Said as(TypeMirror type, Said initial, TreePath path) {
        return initial instanceof Said.Value(Object value) && type.getKind().isPrimitive()
                ? known(Constants.as(Class.forPrimitiveName(type.toString()), value), path)
                : initial;
    }

    /// A call, all operands of which are said, even if one is refused, so that every mistake shows.
    private Said call(TreePath path, List<? extends ExpressionTree> arguments) {
        Optional<Executable> found =
                source.element(path) instanceof ExecutableElement method
                        ? members.executable(method)
                        : Optional.empty();
        if (found.isEmpty()) {
            return new Said.Unseen(path, "it is not a word of Partita");
        }
        Optional<TreePath> receiver = receiver(path);
        List<TreePath> operands = new ArrayList<>();
        receiver.ifPresent(operands::add);
        arguments.forEach(argument -> operands.add(source.at(path, argument)));
        List<Said> all = operands.stream().map(this::say).toList();
        List<Object> values = new ArrayList<>();
        for (Said operand : all) {
            switch (operand) {
                case Said.Value(Object value) -> values.add(value);
                case Said.Unseen other -> {
                    return other;
                }
                case Said.Refused refused -> {
                    return refused;
                }
            }
        }
        int first = receiver.isPresent() ? 1 : 0;
        Object on = receiver.isPresent() ? values.getFirst() : null;
        List<Object> given = values.subList(first, values.size());
        return Invocation.of(found.get(), on, given)
                .map(invocation ->
                        new Utterance(
                                path,
                                source.origin((ExpressionTree) path.getLeaf()),
                                invocation,
                                receiver,
                                operands.subList(first, operands.size()),
                                given))
                .map(this::invoke)
                .orElseGet(() -> unseen(path));
    }

    /// What a call is said to, unless it is a class or `this`.
    private Optional<TreePath> receiver(TreePath path) {
        return path.getLeaf() instanceof MethodInvocationTree call
                        && call.getMethodSelect() instanceof MemberSelectTree member
                        && source.element(path) instanceof ExecutableElement word
                        && !word.getModifiers().contains(Modifier.STATIC)
                ? Optional.of(source.at(source.at(path, member), member.getExpression()))
                : Optional.empty();
    }

    private Said invoke(Utterance utterance) {
        TreePath path = utterance.call();
        blame.remember(utterance);
        try {
            return known(
                    Optional.ofNullable(
                            Origin.saying(utterance.origin(), utterance.invocation()::call)),
                    path);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof ProblemException refusal) {
                for (Problem problem : refusal.problems()) {
                    report.problem(problem, blame.of(problem, utterance), path);
                }
                return new Said.Refused();
            }
            return new Said.Unseen(path, "it fails before it says anything: " + e.getCause());
        } catch (ReflectiveOperationException e) {
            return new Said.Unseen(path, "this Partita has no such word");
        }
    }
}
