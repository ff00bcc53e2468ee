package dev.partita.models;

import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Models by name: the built-in ones, and any public class with a `public static Model model()`.
public final class ModelCatalog {
    private static final Map<String, Supplier<Model>> BUILT_IN = builtIn();

    private ModelCatalog() {}

    private static Map<String, Supplier<Model>> builtIn() {
        var models = new LinkedHashMap<String, Supplier<Model>>();
        models.put("mlp", Mlp::model);
        models.put("convnet", ConvNet::model);
        models.put("gpt", Gpt::model);
        models.put("moe-gpt", MoeGpt::model);
        models.put("bert", Bert::model);
        models.put("resnet18", ResNet18::model);
        return models;
    }

    /// Names of the built-in models.
    public static List<String> names() {
        return List.copyOf(BUILT_IN.keySet());
    }

    /// The model of this name, or of the class of this name.
    ///
    /// @throws ProblemException `UnknownModel` with the near miss, and whatever the class's own
    ///   model has wrong
    public static Model named(String name) {
        Supplier<Model> builtIn = BUILT_IN.get(name);
        if (builtIn != null) {
            return builtIn.get();
        }
        return ofClass(name);
    }

    private static Model ofClass(String name) {
        try {
            var method = Class.forName(name).getMethod("model");
            if (!Modifier.isStatic(method.getModifiers())
                    || method.getReturnType() != Model.class) {
                throw noModel(name).exception();
            }
            return (Model) method.invoke(null);
        } catch (ClassNotFoundException | LinkageError e) {
            throw Problem.of(ProblemCode.UNKNOWN_MODEL, "There is no model \"" + name + "\".")
                    .fact("class path", "has no class of this name either")
                    .fix(NearMiss.fix(name, names(), "model"))
                    .exception(e);
        } catch (NoSuchMethodException | IllegalAccessException e) {
            throw noModel(name).exception(e);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof ProblemException problem) {
                throw problem;
            }
            throw noModel(name).fact("thrown", String.valueOf(e.getCause())).exception(e);
        }
    }

    private static Problem noModel(String name) {
        return Problem.of(ProblemCode.UNKNOWN_MODEL, "Class " + name + " offers no model.")
                .fix("give it a method: public static Model model()");
    }
}
