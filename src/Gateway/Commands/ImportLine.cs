using System.CommandLine;
using Gateway.Import;

namespace Gateway.Commands;

/// <summary>Arguments and options of <c>gateway import</c>.</summary>
internal static class ImportLine
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The file to import; - is standard input." };
        var from = new Option<string?>("--from", "-f")
        {
            Description = $"What it is: {string.Join(", ", ImportFormats.Names)}. By default the content tells.",
        };
        from.AcceptOnlyFromAmong([.. ImportFormats.Names]);
        var output = new Option<string?>("--output", "-o") { Description = "Where the configuration goes; by default standard output." };
        var report = new Option<string?>("--report", "-r") { Description = "Where the report goes; by default standard error." };
        var json = new Option<bool>("--json") { Description = "Writes report and configuration as one JSON object on standard output." };
        var strict = new Option<bool>("--strict") { Description = "Exits 1 when a directive is approximated or impossible." };
        var command = new Command(
            "import", "Translates the configuration of another load balancer, and reports what became of every directive.")
        {
            file, from, output, report, json, strict,
        };
        command.SetAction(parsed =>
        {
            var wish = new ImportCommand.Wish(
                parsed.GetValue(file)!,
                parsed.GetValue(from) is { } name ? ImportFormats.Parse(name) : null,
                parsed.GetValue(output), parsed.GetValue(report), parsed.GetValue(json), parsed.GetValue(strict));
            return ImportCommand.Run(wish, Console.OpenStandardInput(), Console.Out, Console.Error);
        });
        return command;
    }
}
