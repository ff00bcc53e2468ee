package dev.partita.shell.draw;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.shell.draw.BarChart.Bar;
import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class BarChartTest {
    private static final BarChart CHART =
            new BarChart(
                    "memory",
                    List.of("weights", "rest"),
                    List.of(
                            new Bar("one", "", List.of(4.0, 12.0), "16 MB"),
                            new Bar("<two>", "0", List.of(4.0, 6.0), "10 MB"),
                            new Bar("<two>", "1", List.of(0.0, 6.0), "6 MB")));

    @Test
    void bars_of_a_group_stand_together_and_their_parts_have_shades() {
        assertThat(BarChartText.draw(CHART, 16))
                .isEqualTo(
                        """
                        memory  █ weights  ▓ rest
                          one       ████▓▓▓▓▓▓▓▓▓▓▓▓  16 MB
                          <two>  0  ████▓▓▓▓▓▓        10 MB
                                 1  ▓▓▓▓▓▓             6 MB
                        """);
    }

    @Test
    void a_chart_of_nothing_has_bars_without_length() {
        var empty = new BarChart("t", List.of("s"), List.of(new Bar("g", "", List.of(0.0), "0")));
        assertThat(BarChartText.draw(empty, 3)).isEqualTo("t\n  g       0\n");
        assertThat(BarChartSvg.draw(empty)).contains("width=\"0.0\"");
    }

    @Test
    void parts_that_a_bar_cannot_have_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> new Bar("g", "", List.of(-1.0), "-1"));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        new BarChart(
                                "t",
                                List.of("a", "b"),
                                List.of(new Bar("g", "", List.of(1.0), ""))));
    }

    @Test
    void a_picture_is_well_formed_and_its_parts_are_as_long_as_their_numbers() throws Exception {
        Element svg = parse(BarChartSvg.draw(CHART)).getDocumentElement();
        var parts = svg.getElementsByTagName("rect");
        // two in the legend, two of each bar
        assertThat(parts.getLength()).isEqualTo(2 + 6);
        double first = width((Element) parts.item(2));
        assertThat(width((Element) parts.item(3))).isWithin(0.2).of(3 * first);
        assertThat(parts.item(3).getTextContent()).isEqualTo("rest: 75% of 16 MB");
        assertThat(svg.getTextContent()).contains("<two>");
    }

    @Test
    void a_page_needs_nothing_but_itself() throws Exception {
        var page =
                new Page(
                        "A & B",
                        List.of("One < two."),
                        List.of("name", "value"),
                        List.of(List.of("a", "1")),
                        List.of(BarChartSvg.draw(CHART)));
        String html = page.html();
        assertThat(html).startsWith("<!doctype html>\n");
        assertThat(html).doesNotContainMatch("https?:|src=|href=|@import|url\\(");
        String body = html.substring(html.indexOf("<body>"), html.indexOf("</html>"));
        Document parsed = parse(body);
        assertThat(parsed.getElementsByTagName("h1").item(0).getTextContent()).isEqualTo("A & B");
        assertThat(parsed.getElementsByTagName("td").getLength()).isEqualTo(2);
    }

    private static double width(Element rect) {
        return Double.parseDouble(rect.getAttribute("width"));
    }

    private static Document parse(String xml) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(xml)));
    }
}
