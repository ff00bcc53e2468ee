package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import com.google.testing.compile.Compilation;
import dev.partita.dsl.problem.ProblemCode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.tools.Diagnostic;
import javax.tools.JavaFileObject;
import javax.tools.StandardLocation;
import org.junit.jupiter.api.Test;

/// Mistakes that people make in distributed training, all given to one javac, and the same programs
/// without them, given to another.
class CorpusTest {
    private static final List<FaultyProgram> PROGRAMS = FaultyProgram.all();

    /// Codes that no declaration can cause, and why.
    private static final Map<ProblemCode, String> NOT_OF_A_DECLARATION = new LinkedHashMap<>();

    static {
        String running = "only a running process meets it";
        for (ProblemCode code :
                List.of(
                        ProblemCode.MESH_TOO_LARGE,
                        ProblemCode.UNKNOWN_MODEL,
                        ProblemCode.UNSUPPORTED_KERNEL,
                        ProblemCode.DATA_FILE_MISSING,
                        ProblemCode.DATA_FILE_CORRUPT,
                        ProblemCode.CHECKPOINT_MISSING,
                        ProblemCode.CHECKPOINT_CORRUPT,
                        ProblemCode.CHECKPOINT_MISMATCH,
                        ProblemCode.LABEL_OUT_OF_RANGE,
                        ProblemCode.TOO_FEW_EXAMPLES,
                        ProblemCode.NOT_FINITE,
                        ProblemCode.INTERRUPTED,
                        ProblemCode.DEVICE_FAILED,
                        ProblemCode.DEVICE_WAITS,
                        ProblemCode.PEER_FAILED,
                        ProblemCode.OUTPUT_NOT_WRITTEN)) {
            NOT_OF_A_DECLARATION.put(code, running);
        }
        String defect = "only a defect of a pass causes it; the words cannot say it";
        NOT_OF_A_DECLARATION.put(ProblemCode.PLAN_REJECTED, defect);
        NOT_OF_A_DECLARATION.put(ProblemCode.GRAPH_REJECTED, defect);
        NOT_OF_A_DECLARATION.put(ProblemCode.PARTIAL_USED_AS_WHOLE, defect);
    }

    @Test
    void every_faulty_program_is_refused_at_the_right_place_with_the_right_code() {
        Compilation compilation =
                Nets.javac().compile(PROGRAMS.stream().map(FaultyProgram::faulty).toList());
        Map<String, String> told = new LinkedHashMap<>();
        for (Diagnostic<? extends JavaFileObject> each : compilation.diagnostics()) {
            String file = each.getSource() == null ? "nowhere" : each.getSource().getName();
            String type = file.replaceAll(".*/|\\.java$", "");
            String message = each.getMessage(Locale.ROOT);
            told.putIfAbsent(
                    type,
                    "%d:%d %s"
                            .formatted(
                                    each.getLineNumber(),
                                    each.getColumnNumber(),
                                    message.replaceAll("(?s)^\\[(\\w+)].*", "$1")));
            assertWithMessage(message).that(message).contains("\n    try:");
        }
        assertThat(told)
                .isEqualTo(
                        PROGRAMS.stream()
                                .collect(
                                        Collectors.toMap(
                                                FaultyProgram::type,
                                                p -> p.place() + " " + p.code())));
    }

    @Test
    void every_program_without_its_mistake_is_accepted_and_planned() {
        Compilation compilation =
                Nets.javac().compile(PROGRAMS.stream().map(FaultyProgram::correct).toList());
        assertThat(compilation.diagnostics()).isEmpty();
        for (FaultyProgram program : PROGRAMS) {
            assertWithMessage(program.type())
                    .that(
                            compilation.generatedFile(
                                    StandardLocation.CLASS_OUTPUT,
                                    "META-INF/partita/nets." + program.type() + ".txt"))
                    .isPresent();
        }
    }

    @Test
    void every_code_that_a_declaration_can_cause_is_in_the_corpus() {
        Set<String> corpus =
                PROGRAMS.stream()
                        .map(FaultyProgram::code)
                        .collect(Collectors.toCollection(TreeSet::new));
        Set<String> expected =
                Arrays.stream(ProblemCode.values())
                        .filter(code -> !NOT_OF_A_DECLARATION.containsKey(code))
                        .map(ProblemCode::toString)
                        .collect(Collectors.toCollection(TreeSet::new));
        assertThat(corpus).isEqualTo(expected);
        assertThat(PROGRAMS.size()).isAtLeast(60);
    }
}
