package dev.partita.kernels;

import static com.google.common.truth.Truth.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhiloxTest {
    /// `philox4x32 10` of Random123's `kat_vectors`; counter and key as 64-bit halves, low word
    /// last.
    @ParameterizedTest
    @CsvSource({
        "0000000000000000, 0000000000000000, 0000000000000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffffffffffff, ffffffffffffffff, ffffffffffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "85a308d3243f6a88, 0370734413198a2e, 299f31d0a4093822, d16cfe09 94fdcceb 5001e420 24126ea1"
    })
    void philox_gives_the_known_answers_of_random123(
            String low, String high, String key, String answer) {
        var words = new int[4];
        Philox.block(parse(key), parse(low), parse(high), words);
        assertThat("%08x %08x %08x %08x".formatted(words[0], words[1], words[2], words[3]))
                .isEqualTo(answer);
    }

    private static long parse(String hex) {
        return Long.parseUnsignedLong(hex, 16);
    }
}
