using System.Globalization;
using System.Text;
using Gateway.Scheduling;

namespace Gateway.Simulation;

/// <summary>The picture of <see cref="JoiningShares"/> under every scheduler, as SVG: <c>gateway simulate --plot
/// FILE.svg</c>.</summary>
internal static class SharesPlot
{
    private const int Columns = 4;
    private const int Width = 210;
    private const int Height = 90;
    private const int Gap = 30;

    private static readonly string[] _colours = ["#9db4c0", "#5c6b73", "#c2dfe3", "#e07a3f", "#ffffff"];

    public static string Draw()
    {
        var schedulers = Schedulers.Names.Take(14).ToList();
        var rows = (schedulers.Count + Columns - 1) / Columns;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Columns * (Width + Gap)}\" height=\"{rows * (Height + Gap)}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        for (var i = 0; i < schedulers.Count; i++)
        {
            Panel(svg, schedulers[i], (Gap / 2) + (i % Columns * (Width + Gap)), Gap - 8 + (i / Columns * (Height + Gap)));
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Panel(StringBuilder svg, string scheduler, int left, int top)
    {
        var shares = JoiningShares.Of(scheduler);
        svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({left} {top})\"><text y=\"-5\">{scheduler}</text>\n");
        for (var destination = 0; destination < _colours.Length; destination++)
        {
            Area(svg, shares, destination);
        }

        var joins = Width * JoiningShares.JoinsAt / JoiningShares.Steps;
        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{joins} 0V{Height}\" stroke=\"black\" stroke-dasharray=\"2\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"none\" stroke=\"black\"/></g>\n");
    }

    // Each area lies on the ones before it: along its upper edge, and back along its lower one.
    private static void Area(StringBuilder svg, double[][] shares, int destination)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<polygon fill=\"{_colours[destination]}\" points=\"");
        for (var i = 0; i < shares.Length; i++)
        {
            Point(svg, i, shares, shares[i].Take(destination + 1).Sum());
        }

        for (var i = shares.Length - 1; i >= 0; i--)
        {
            Point(svg, i, shares, shares[i].Take(destination).Sum());
        }

        svg.Append("\"/>\n");
    }

    private static void Point(StringBuilder svg, int index, double[][] shares, double share)
    {
        var (x, y) = ((double)Width * index / (shares.Length - 1), Height * (1 - share));
        svg.Append(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#} ");
    }
}
