package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.ml.FeatureImportances.Importance;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The chart is XML with a bar for each feature, within its bounds and in order. */
class ImportancePlotTest {

  private static FeatureImportances importances(Importance... features) {
    return new FeatureImportances("prAuc", 0.9, 1000, 5, List.of(features));
  }

  private static Document parsed(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }

  private static List<Element> all(Document document, String tag) {
    NodeList nodes = document.getElementsByTagName(tag);
    return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i)).toList();
  }

  private static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 60})
  void barsLieWithinTheDrawingAndDoNotTouch(int count) throws Exception {
    Importance[] features =
        IntStream.range(0, count)
            .mapToObj(i -> new Importance("feature " + i, 0.5 - 0.01 * i, 0.02))
            .toArray(Importance[]::new);
    Document document = parsed(importances(features).toSvg());
    double width = number(document.getDocumentElement(), "width");
    double height = number(document.getDocumentElement(), "height");
    List<Element> bars = all(document, "g");
    assertThat(bars).hasSize(count);
    double end = 0;
    for (Element bar : bars) {
      Element rectangle = (Element) bar.getElementsByTagName("rect").item(0);
      assertThat(number(rectangle, "y")).isGreaterThan(end);
      end = number(rectangle, "y") + number(rectangle, "height");
      assertThat(number(rectangle, "height")).isGreaterThan(8);
      assertThat(number(rectangle, "x")).isGreaterThanOrEqualTo(0);
      assertThat(number(rectangle, "x") + number(rectangle, "width")).isLessThan(width);
    }
    assertThat(end).isLessThan(height);
  }

  @Test
  void theMostImportantIsOnTopAndBarsAreAsLongAsTheyAreImportant() throws Exception {
    Document document =
        parsed(importances(new Importance("b", 0.1, 0), new Importance("a", 0.4, 0.1)).toSvg());
    List<Element> bars = all(document, "g");
    List<Double> lengths = new ArrayList<>();
    bars.forEach(
        bar -> lengths.add(number((Element) bar.getElementsByTagName("rect").item(0), "width")));
    assertThat(bars.get(0).getElementsByTagName("title").item(0).getTextContent())
        .isEqualTo("a: 0.4000 ± 0.10");
    assertThat(lengths.get(0) / lengths.get(1)).isBetween(3.99, 4.01);
  }

  @Test
  void namesAreEscapedAndShortened() throws Exception {
    String name = "a<b> & \"c\" \u0001 \ud800 " + "long ".repeat(20) + "\ud83d\ude00";
    Document document = parsed(importances(new Importance(name, -0.1, 0.3)).toSvg());
    assertThat(all(document, "title").get(0).getTextContent())
        .startsWith("a<b> & \"c\" \ufffd \ufffd long long");
    assertThat(all(document, "g").get(0).getElementsByTagName("text").item(0).getTextContent())
        .startsWith("a<b> & \"c\"")
        .endsWith("…")
        .hasSize(32);
  }

  @Test
  void noImportanceAtAllIsDrawn() throws Exception {
    Document document = parsed(importances(new Importance("a", 0, 0)).toSvg());
    assertThat(all(document, "rect")).hasSize(2);
  }
}
