using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Gateway.Hosting;

/// <summary>One line of the log on the console: time in UTC, level, where from, message; an exception follows indented.
/// </summary>
/// <remarks>The stock formatter writes a number behind each category that means nothing to anybody here. Control characters
/// in a message are shown as code points, so that nothing a stranger sends can begin a line of its own.</remarks>
internal sealed class ConsoleLine(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "gateway";

    public override void Write<TState>(
        in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        // All else is the same code for entries of all kinds.
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        Write(textWriter, logEntry.LogLevel, logEntry.Category, message, logEntry.Exception);
    }

    private void Write(TextWriter textWriter, LogLevel level, string category, string message, Exception? exception)
    {
        textWriter.Write(time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        textWriter.Write(Level(level));
        textWriter.Write(category);
        textWriter.Write(": ");
        textWriter.Write(Printable.Of(message));
        textWriter.WriteLine();
        if (exception is not null)
        {
            foreach (var line in exception.ToString().Split('\n'))
            {
                textWriter.Write("    ");
                textWriter.Write(Printable.Of(line.TrimEnd('\r')));
                textWriter.WriteLine();
            }
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => " trace ",
        LogLevel.Debug => " debug ",
        LogLevel.Information => " info  ",
        LogLevel.Warning => " warn  ",
        LogLevel.Error => " error ",
        LogLevel.Critical => " fatal ",
        _ => "       ",
    };
}
