using System.Text.Json;

namespace Gateway.Simulation;

/// <summary>The command <c>gateway simulate FILE...</c>: plays scenarios and prints every decision; <c>gateway simulate
/// --plot FILE.svg</c> draws how every scheduler treats a destination that joins.</summary>
internal static class Simulate
{
    private const int Same = 0;
    private const int Differs = 1;
    private const int Unreadable = 2;

    /// <returns>0 when all is as recorded, 1 when something differs, 2 when a file is no scenario.</returns>
    public static int Run(string[] files, TextWriter output, TextWriter error)
    {
        var result = Same;
        foreach (var file in files)
        {
            result = Math.Max(result, Run(file, output, error));
        }

        return result;
    }

    /// <summary>Draws the shares of a joining destination under each scheduler into an SVG file.</summary>
    /// <returns>0, or 2 when the file cannot be written.</returns>
    public static int Plot(string picture, TextWriter error)
    {
        try
        {
            File.WriteAllText(picture, SharesPlot.Draw());
            return Same;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"{picture}: {e.Message}");
            return Unreadable;
        }
    }

    private static int Run(string file, TextWriter output, TextWriter error)
    {
        try
        {
            var replay = Replay.Of(Scenario.Read(file));
            output.WriteLine(file);
            foreach (var pick in replay.Picks)
            {
                output.WriteLine(pick);
            }

            foreach (var difference in replay.Differences)
            {
                error.WriteLine($"{file}: {difference}");
            }

            return replay.Differences.Count == 0 ? Same : Differs;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            error.WriteLine($"{file}: {e.Message}");
            return Unreadable;
        }
    }
}
