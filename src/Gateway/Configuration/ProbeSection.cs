using System.Globalization;
using Gateway.Clusters;
using Gateway.Probing.Answers;

namespace Gateway.Configuration;

/// <summary>Reads the <c>Probe</c> section of a cluster, or one of its <c>Probes</c>.</summary>
internal static class ProbeSection
{
    private const int MostSteps = 32;

    public static ProbeOptions Read(Section section)
    {
        var defaults = new ProbeOptions();
        var kind = section.Text("Kind", defaults.Kind).ToLowerInvariant();
        var options = new ProbeOptions
        {
            Kind = kind,
            Interval = section.Time("Interval", defaults.Interval),
            FastInterval = section.Has("FastInterval") ? section.Time("FastInterval", defaults.Interval) : null,
            DownInterval = section.Has("DownInterval") ? section.Time("DownInterval", defaults.Interval) : null,
            Timeout = section.Time("Timeout", defaults.Timeout),
            Rise = section.Whole("Rise", defaults.Rise),
            Fall = section.Whole("Fall", defaults.Fall),
            InitiallyUp = section.Flag("InitiallyUp", defaults.InitiallyUp),
            Address = section.Text("Address"),
            Port = section.Has("Port") ? section.Whole("Port", 0) : null,
            Send = section.Text("Send", defaults.Send),
            SendHex = section.Text("SendHex", defaults.SendHex),
            Expect = section.Text("Expect", defaults.Expect),
            ExpectHex = section.Text("ExpectHex", defaults.ExpectHex),
            Regex = section.Flag("Regex", defaults.Regex),
            Steps = [.. section.Child("Steps").Children.Select(ProbeStepSection.Read)],
            Strict = section.Flag("Strict", defaults.Strict),
            Tls = section.Flag("Tls", defaults.Tls),
            ServerName = section.Text("ServerName"),
            VerifyCertificate = section.Flag("VerifyCertificate", defaults.VerifyCertificate),
            Path = section.Text("Path", defaults.Path),
            Method = section.Text("Method", defaults.Method).ToUpperInvariant(),
            Host = section.Text("Host"),
            Headers = [.. section.Child("Headers").Children.Select(header => new ProbeHeader(header.Id, header.Value ?? ""))],
            Status = section.Text("Status", defaults.Status),
            DrainStatus = section.Text("DrainStatus", defaults.DrainStatus),
            Body = section.Text("Body", defaults.Body),
            BodySha256 = section.Text("BodySha256", defaults.BodySha256),
            Service = section.Text("Service", defaults.Service),
            Query = section.Text("Query", defaults.Query),
            QueryType = section.Text("QueryType", defaults.QueryType).ToUpperInvariant(),
            Answer = section.Text("Answer", defaults.Answer),
            User = section.Text("User", defaults.User),
            Command = [.. section.Child("Command").Elements.Select(word => word.Value ?? "")],
            WeightFromExit = section.Flag("WeightFromExit", defaults.WeightFromExit),
        };
        ProbeKeys.Check(section, options);
        if (options.Steps.Count > MostSteps)
        {
            section.Error("Steps", $"has more than {MostSteps} steps", "A command can hold a longer conversation.");
        }

        CheckTimes(section, options);
        ProbeStepSection.Check(section, Step(options));
        CheckHttp(section, options);
        CheckTexts(section, options);
        return options;
    }

    private static ProbeStep Step(ProbeOptions options) => new()
    {
        Send = options.Send,
        SendHex = options.SendHex,
        Expect = options.Expect,
        ExpectHex = options.ExpectHex,
        Regex = options.Regex && options.Body.Length == 0,
    };

    private static void CheckTimes(Section section, ProbeOptions options)
    {
        if (options.Timeout > options.Interval)
        {
            var key = section.Has("Timeout") ? "Timeout" : "Interval";
            section.Error(key, $"makes the Timeout, {options.Timeout}, longer than the Interval, {options.Interval}",
                "Make Timeout at most Interval, so that probes of one destination do not overlap.");
        }
    }

    private static void CheckHttp(Section section, ProbeOptions options)
    {
        if (options.Method == "HEAD" && options.Body.Length + options.BodySha256.Length > 0)
        {
            section.Error(options.Body.Length > 0 ? "Body" : "BodySha256",
                "can never be found, because Method is HEAD", "Set Method to GET.");
        }

        if (options.Body.Length > 0 && options.BodySha256.Length > 0)
        {
            section.Error("BodySha256", "is set beside Body", "Keep one of the two.");
        }

        if (options.Regex && options.Body.Length > 0 && Expectation.PatternError(options.Body) is { } wrong)
        {
            section.Error("Body", $"is not a regular expression that can be searched for: {wrong.TrimEnd('.')}",
                "Correct it, or set Regex to false to search for the text.");
        }

        CheckRanges(section, "Status", options.Status);
        CheckRanges(section, "DrainStatus", options.DrainStatus);
        HeaderNames.Check(section.Child("Headers"));
    }

    private static void CheckTexts(Section section, ProbeOptions options)
    {
        foreach (var (key, value) in new[] { ("Host", options.Host), ("ServerName", options.ServerName), ("Address", options.Address) })
        {
            if (value is not null && (value.Length == 0 || value.Any(char.IsWhiteSpace) || HasControl(value)))
            {
                section.Error(key, "is no host", "Write a host name such as shop.example or an address.");
            }
        }

        if (options.User.Length == 0 || HasControl(options.User))
        {
            section.Error("User", "is no user name", "Write the name of a database user.");
        }
    }

    private static bool HasControl(string text) => text.Any(char.IsControl);

    private static void CheckRanges(Section section, string key, string set)
    {
        foreach (var range in set.Split(',', StringSplitOptions.TrimEntries).Where(IsUpsideDown))
        {
            section.Error(key, $"has the range {range}, whose end is before its start",
                "Write the lower status code first.");
        }
    }

    private static bool IsUpsideDown(string range) =>
        range.Split('-') is [var first, var last]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var low)
        && int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var high)
        && high < low;
}
