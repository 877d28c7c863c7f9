namespace Gateway.Configuration;

/// <summary>Headers of exports by OTLP, as <c>name=value,name=value</c>, percent-encoded where that is needed.</summary>
/// <remarks>Where this finds a fault, the SDK throws, or never sends anything and tells nobody.</remarks>
internal static class OtlpHeaders
{
    public const string Remedy = "Write name=value,name=value; a value cannot have a comma.";

    /// <param name="otlp">The <c>Telemetry:Otlp</c> section.</param>
    public static void Check(Section otlp)
    {
        if (Fault(otlp.Text("Headers")) is { } fault)
        {
            otlp.Error("Headers", fault, Remedy);
        }
    }

    /// <summary>What is wrong with them, as the end of a sentence that begins with the value, which is a secret and is not repeated;
    /// null when nothing is.</summary>
    public static string? Fault(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        // As the SDK reads them: a comma is one whether it is encoded or not, and one may follow the last header.
        var decoded = Uri.UnescapeDataString(text);
        using var request = new HttpRequestMessage();
        foreach (var part in (decoded.EndsWith(',') ? decoded[..^1] : decoded).Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                return "has a part without '='";
            }

            var (name, value) = (part[..equals].Trim(), part[(equals + 1)..].Trim());
            if (value.Any(char.IsControl))
            {
                return "has a value with a control character";
            }

            if (request.Headers.TryGetValues(name, out _))
            {
                return "has a header twice";
            }

            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                return "has a name that is none of a header of requests";
            }
        }

        return null;
    }
}
