using System.Text;
using Gateway.Configuration;
using Gateway.Http;
using Gateway.Import;

namespace Gateway.Commands;

/// <summary>The <c>import</c> command: the configuration of another load balancer becomes one of Gateway, and a report tells
/// what became of every directive.</summary>
internal static class ImportCommand
{
    /// <summary>What to import, and where what is made of it goes.</summary>
    /// <param name="File">The file; <c>-</c> is standard input.</param>
    /// <param name="Format">What it is; null looks at the content.</param>
    /// <param name="Output">Where the configuration goes; null is standard output.</param>
    /// <param name="Report">Where the report goes; null is standard error.</param>
    /// <param name="AsJson">Whether report and configuration are one JSON object on standard output.</param>
    /// <param name="IsStrict">Whether a directive that is not kept whole makes the exit code 1.</param>
    public sealed record Wish(string File, ImportFormat? Format, string? Output, string? Report, bool AsJson, bool IsStrict);

    /// <summary>Returns the exit code: 0 well, 1 when strict and something is not kept, 2 when the file cannot be read.</summary>
    public static int Run(Wish wish, Stream input, TextWriter output, TextWriter errors)
    {
        try
        {
            var name = wish.File == "-" ? "standard input" : Path.GetFileName(wish.File);
            var result = Importer.Import(SourceText.Of(Read(wish.File, input)), wish.Format, name);
            if (!IsValid(result, errors))
            {
                return 1;
            }

            Write(wish, result, name, output, errors);
            var isWhole = result.Report.Count(Verdict.Approximated) + result.Report.Count(Verdict.Impossible) == 0;
            return wish.IsStrict && !isWhole ? 1 : 0;
        }
        catch (ImportException e)
        {
            errors.WriteLine($"{wish.File} {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(e.Message);
        }

        return CommandLine.BadInput;
    }

    private static byte[] Read(string file, Stream input)
    {
        if (Directory.Exists(file))
        {
            throw new ImportException("is a directory. Name the file in it that holds the configuration.");
        }

        using var stream = file == "-" ? input : File.OpenRead(file);
        var buffer = new byte[SourceText.LargestBytes + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return buffer[..length];
    }

    private static void Write(Wish wish, ImportResult result, string name, TextWriter output, TextWriter errors)
    {
        if (wish.AsJson)
        {
            output.Write(ReportJson.Of(result, name));
            return;
        }

        Write(wish.Output, result.Configuration, output);
        Write(wish.Report, ReportText.Of(result.Report, name, result.Format), errors);
    }

    private static void Write(string? file, string text, TextWriter otherwise)
    {
        if (file is null)
        {
            otherwise.Write(text);
        }
        else
        {
            File.WriteAllText(file, text);
        }
    }

    /// <summary>Whether Gateway itself takes what was made. If not, the importer has a fault, and says so instead of handing
    /// it out.</summary>
    private static bool IsValid(ImportResult result, TextWriter errors)
    {
        using var yarp = new YarpCheck();
        var loaded = new ConfigurationLoader(checks: yarp.Check).Load(Encoding.UTF8.GetBytes(result.Configuration), "import");
        foreach (var error in loaded.Errors)
        {
            errors.WriteLine(IsOfThisMachine(error) ? $"warning: {error}" : $"The configuration that was made is not valid: {error}");
        }

        foreach (var warning in loaded.Configuration?.Warnings ?? [])
        {
            errors.WriteLine($"warning: {warning}");
        }

        return loaded.Errors.All(IsOfThisMachine);
    }

    /// <summary>Whether an error says that a certificate is not here; it may be where Gateway is to run.</summary>
    internal static bool IsOfThisMachine(ConfigurationError error) =>
        (error.Key.StartsWith("Kestrel:", StringComparison.Ordinal)
            && (error.Key.EndsWith(":Certificate:Path", StringComparison.Ordinal) || error.Key.EndsWith(":Certificate:KeyPath", StringComparison.Ordinal)))
        || (error.Key.StartsWith("VirtualServers:", StringComparison.Ordinal)
            && (error.Key.EndsWith(":Tls:CertificatePath", StringComparison.Ordinal) || error.Key.EndsWith(":Tls:KeyPath", StringComparison.Ordinal)
                || error.Key.EndsWith(":Tls:DestinationAuthorities", StringComparison.Ordinal)));
}
