package dev.partita;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The plan of the house, checked on its byte code:
///
///     dsl  <-  kernels  <-  runtime  <-  shell  <-  tutorials
///     dsl  <-  compiler <-  runtime
final class ArchitectureTest {
    private static final String DSL = "dev.partita.dsl..";
    private static final String KERNELS = "dev.partita.kernels..";
    private static final String COMPILER = "dev.partita.compiler..";
    private static final String RUNTIME = "dev.partita.runtime..";
    private static final String SHELL = "dev.partita.shell..";
    private static final String TUTORIALS = "dev.partita.tutorials..";

    private static final int LONGEST_FILE = 400;

    private static final Set<String> EMPTY_WORDS =
            Set.of("util", "utils", "helper", "helpers", "common", "base", "impl", "manager");

    private static final JavaClasses HOUSE =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dev.partita");

    /// Guards the guard: a rule over no classes always holds. Raise the bounds as the modules grow.
    @ParameterizedTest
    @CsvSource({
        DSL + ", 140",
        KERNELS + ", 85",
        COMPILER + ", 80",
        RUNTIME + ", 60",
        SHELL + ", 60",
    })
    void the_rules_see_the_classes_of(String module, int atLeast) {
        assertWithMessage("classes of %s", module)
                .that(HOUSE.stream().filter(resideInAPackage(module)).count())
                .isAtLeast(atLeast);
    }

    @Test
    void no_arrow_points_up() {
        mustNotKnow(DSL, KERNELS, COMPILER, RUNTIME, SHELL, TUTORIALS);
        mustNotKnow(KERNELS, COMPILER, RUNTIME, SHELL, TUTORIALS);
        mustNotKnow(COMPILER, KERNELS, RUNTIME, SHELL, TUTORIALS);
        mustNotKnow(RUNTIME, SHELL, TUTORIALS);
        mustNotKnow(SHELL, TUTORIALS);
    }

    @Test
    void the_runtime_reads_the_plan_and_never_a_pass() {
        DescribedPredicate<JavaClass> passes =
                resideInAPackage(COMPILER)
                        .and(
                                DescribedPredicate.not(
                                        resideInAnyPackage(
                                                "dev.partita.compiler",
                                                "dev.partita.compiler.plan..")))
                        .as("a pass of the compiler");
        noClasses()
                .that()
                .resideInAPackage(RUNTIME)
                .should()
                .dependOnClassesThat(passes)
                .because("the ExecutionPlan is all that the compiler tells the runtime")
                .check(HOUSE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"dsl", "kernels", "compiler", "runtime", "shell"})
    void no_cycles_between_the_packages_of(String module) {
        slices().matching("dev.partita." + module + ".(**)").should().beFreeOfCycles().check(HOUSE);
    }

    @Test
    void names_say_something() {
        assertThat(HOUSE.stream().flatMap(ArchitectureTest::emptyNames).toList()).isEmpty();
    }

    @Test
    void a_name_that_says_nothing_is_found_in_either_case() {
        assertThat(words("PlanUtils")).containsExactly("plan", "utils");
        assertThat(words("IOHelper")).containsExactly("io", "helper");
        assertThat(words("Database")).containsExactly("database");
    }

    @Test
    void every_package_is_null_marked() {
        Set<String> unmarked = new TreeSet<>();
        for (JavaClass each : HOUSE) {
            JavaPackage home = each.getPackage();
            if (!home.isAnnotatedWith(NullMarked.class)) {
                unmarked.add(home.getName());
            }
        }
        assertWithMessage("packages without @NullMarked in package-info.java")
                .that(unmarked)
                .isEmpty();
    }

    @Test
    void no_java_file_is_longer_than_400_lines() throws IOException {
        List<Path> files = javaFiles(root());
        assertWithMessage("Java files seen").that(files.size()).isAtLeast(400);
        Set<String> tooLong = new TreeSet<>();
        for (Path file : files) {
            int lines = Files.readAllLines(file).size();
            if (lines > LONGEST_FILE) {
                tooLong.add(file + ": " + lines + " lines");
            }
        }
        assertThat(tooLong).isEmpty();
    }

    private static void mustNotKnow(String module, String... others) {
        noClasses()
                .that()
                .resideInAPackage(module)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others)
                .check(HOUSE);
    }

    private static Stream<String> emptyNames(JavaClass each) {
        boolean empty =
                words(each.getSimpleName()).stream().anyMatch(EMPTY_WORDS::contains)
                        || Stream.of(each.getPackageName().split("\\.", -1))
                                .anyMatch(EMPTY_WORDS::contains);
        return empty ? Stream.of(each.getName()) : Stream.empty();
    }

    private static List<String> words(String camelCase) {
        return Stream.of(camelCase.split("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", -1))
                .map(word -> word.toLowerCase(Locale.ROOT))
                .toList();
    }

    private static Path root() {
        Path start = Path.of("").toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("jshell-startup").resolve("pom.xml"))) {
                return folder;
            }
        }
        throw new AssertionError("no folder with all modules above " + start);
    }

    private static List<Path> javaFiles(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !isMade(root.relativize(file)))
                    .toList();
        }
    }

    private static boolean isMade(Path file) {
        for (Path part : file) {
            if (part.toString().equals("target") || part.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }
}
