using System.Globalization;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads the sections of a cluster that say what happens when destinations fail, are full or are gone.</summary>
internal static class OverloadSections
{
    public static QueueOptions? ReadQueue(Section section)
    {
        var defaults = new QueueOptions();
        return !section.Exists ? null : new QueueOptions
        {
            Length = section.Whole("Length", defaults.Length),
            Timeout = section.Time("Timeout", defaults.Timeout),
        };
    }

    public static RetryOptions ReadRetry(Section section)
    {
        var defaults = new RetryOptions();
        return new RetryOptions
        {
            Tries = section.Whole("Tries", defaults.Tries),
            Budget = section.Number("Budget") ?? defaults.Budget,
            OnReset = section.Word("OnReset", defaults.OnReset),
            OnStatus = Statuses(section.Child("OnStatus")),
        };
    }

    public static SorryOptions? ReadSorry(Section section)
    {
        if (!section.Exists)
        {
            return null;
        }

        var defaults = new SorryOptions();
        var redirect = section.Text("RedirectTo");
        if (redirect is not null && (section.Has("Body") || section.Has("Status")))
        {
            section.Error("RedirectTo", "is set beside a status or body", "Keep one of the two: a redirect has neither.");
        }

        if (redirect is not null && redirect.Any(c => c is <= ' ' or >= (char)127))
        {
            section.Error("RedirectTo", "holds a blank, a control character or one beyond ASCII", "Percent-encode it.");
        }

        return new SorryOptions
        {
            Status = section.Whole("Status", defaults.Status),
            Body = section.Text("Body", defaults.Body),
            ContentType = section.Text("ContentType", defaults.ContentType),
            RedirectTo = redirect,
        };
    }

    public static PassiveOptions? ReadPassive(Section cluster)
    {
        var section = cluster.Child("PassiveCheck");
        if (!section.Exists)
        {
            return null;
        }

        if (cluster.Child("HealthCheck").Child("Passive").Flag("Enabled", false))
        {
            cluster.Error("PassiveCheck", "is set beside HealthCheck:Passive",
                "Keep one of the two; PassiveCheck sees the relay's connections too.");
        }

        var defaults = new PassiveOptions();
        var options = new PassiveOptions
        {
            Failures = section.Whole("Failures", defaults.Failures),
            Statuses = Statuses(section.Child("Statuses")),
            Ejection = section.Time("Ejection", defaults.Ejection),
            LongestEjection = section.Time("LongestEjection", defaults.LongestEjection),
            MostEjected = section.Whole("MostEjected", defaults.MostEjected),
        };
        if (options.LongestEjection < options.Ejection)
        {
            section.Error("LongestEjection", $"is shorter than Ejection, {options.Ejection:c}", "Raise it, or lower Ejection.");
        }

        return options;
    }

    private static ValueList<int> Statuses(Section list)
    {
        var statuses = new List<int>();
        foreach (var element in list.Elements)
        {
            if (int.TryParse(element.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status > 0)
            {
                statuses.Add(status);
            }
        }

        return [.. statuses];
    }
}
