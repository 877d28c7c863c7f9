using System.Globalization;
using Gateway.Clusters;
using Gateway.Probing;

namespace Gateway.Configuration;

/// <summary>Reads the <c>Probe</c> section of a cluster.</summary>
internal static class ProbeSection
{
    private static readonly string[] _tcpKeys = ["Send", "Expect", "Regex"];
    private static readonly string[] _httpKeys = ["Path", "Method", "Host", "Status", "Body"];

    public static ProbeOptions Read(Section section)
    {
        var defaults = new ProbeOptions();
        var options = new ProbeOptions
        {
            Kind = section.Text("Kind", defaults.Kind).ToLowerInvariant(),
            Interval = section.Time("Interval", defaults.Interval),
            Timeout = section.Time("Timeout", defaults.Timeout),
            Rise = section.Whole("Rise", defaults.Rise),
            Fall = section.Whole("Fall", defaults.Fall),
            InitiallyUp = section.Flag("InitiallyUp", defaults.InitiallyUp),
            Port = section.Has("Port") ? section.Whole("Port", 0) : null,
            Send = section.Text("Send", defaults.Send),
            Expect = section.Text("Expect", defaults.Expect),
            Regex = section.Flag("Regex", defaults.Regex),
            Path = section.Text("Path", defaults.Path),
            Method = section.Text("Method", defaults.Method).ToUpperInvariant(),
            Host = section.Text("Host"),
            Status = section.Text("Status", defaults.Status),
            Body = section.Text("Body", defaults.Body),
            VerifyCertificate = section.Flag("VerifyCertificate", defaults.VerifyCertificate),
        };
        CheckTimes(section, options);
        CheckKind(section, options.Kind);
        CheckExpectation(section, options);
        return options;
    }

    private static void CheckTimes(Section section, ProbeOptions options)
    {
        if (options.Timeout > options.Interval)
        {
            var key = section.Has("Timeout") ? "Timeout" : "Interval";
            section.Error(key, $"makes the Timeout, {options.Timeout}, longer than the Interval, {options.Interval}",
                "Make Timeout at most Interval, so that probes of one destination do not overlap.");
        }
    }

    /// <summary>A key that another kind of probe reads would be ignored, and its writer would never know.</summary>
    private static void CheckKind(Section section, string kind)
    {
        var ignored = kind == "tcp" ? [.. _httpKeys, "VerifyCertificate"]
            : kind == "http" ? [.. _tcpKeys, "VerifyCertificate"]
            : _tcpKeys;
        foreach (var key in ignored.Where(section.Has))
        {
            var wanted = _tcpKeys.Contains(key) ? "tcp" : key == "VerifyCertificate" ? "https" : "http or https";
            section.Error(key, $"has no effect on a probe of kind {kind}", $"Remove it, or set Kind to {wanted}.");
        }
    }

    private static void CheckExpectation(Section section, ProbeOptions options)
    {
        if (options.Regex && options.Expect.Length == 0)
        {
            section.Error("Regex", "is set without Expect", "Write the regular expression in Expect.");
        }

        if (options.Regex && Expectation.PatternError(options.Expect) is { } wrong)
        {
            section.Error("Expect", $"is not a regular expression that can be searched for: {wrong.TrimEnd('.')}",
                "Correct it, or set Regex to false to compare the beginning of the answer.");
        }

        if (options.Method == "HEAD" && options.Body.Length > 0)
        {
            section.Error("Body", "can never be found, because Method is HEAD", "Set Method to GET.");
        }

        foreach (var range in options.Status.Split(',', StringSplitOptions.TrimEntries).Where(IsUpsideDown))
        {
            section.Error("Status", $"has the range {range}, whose end is before its start",
                "Write the lower status code first.");
        }
    }

    private static bool IsUpsideDown(string range) =>
        range.Split('-') is [var first, var last]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var low)
        && int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var high)
        && high < low;
}
