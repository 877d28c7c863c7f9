using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Hosting;
using Spectre.Console;

namespace Gateway.Commands.Remote;

/// <summary>Where a command writes, and in which form.</summary>
/// <param name="Console">For people.</param>
/// <param name="Output">For programs.</param>
/// <param name="Errors">What went wrong.</param>
internal sealed record Screen(IAnsiConsole Console, TextWriter Output, TextWriter Errors)
{
    private static readonly JsonSerializerOptions _indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>That of the process: eighty columns, and no colours, where there is no terminal.</summary>
    public static Screen OfProcess() => new(
        System.Console.IsOutputRedirected
            ? AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors })
            : AnsiConsole.Console,
        System.Console.Out, System.Console.Error);

    public void Json(JsonNode node) => Output.WriteLine(node.ToJsonString(_indented));

    /// <summary>Draws an answer for people. What of it came from strangers, such as the path of a refused request, is made harmless
    /// to a terminal.</summary>
    public void Draw(Action<IAnsiConsole, JsonNode> table, JsonNode answer) => table(Console, Printable.Of(answer));

    /// <summary>Writes one line, made as harmless.</summary>
    public void Line(string text) => Output.WriteLine(Printable.Of(text));

    /// <summary>Writes what went wrong, in one line or several, each made as harmless.</summary>
    public Task ErrorAsync(string text) => Errors.WriteLineAsync(string.Join('\n', text.Split('\n').Select(Printable.Of)));
}
