using Gateway.Names;

namespace Gateway.Configuration;

/// <summary>Reads the <c>Names</c> section.</summary>
internal static class NamesSection
{
    public static NameOptions Read(Section section)
    {
        var defaults = new NameOptions();
        var options = new NameOptions
        {
            Servers = [.. section.EndPoints("Servers")],
            Interval = section.Time("Interval", defaults.Interval),
            MinTtl = section.Time("MinTtl", defaults.MinTtl),
            MaxTtl = section.Time("MaxTtl", defaults.MaxTtl),
            Timeout = section.Time("Timeout", defaults.Timeout),
        };
        if (options.MinTtl > options.MaxTtl)
        {
            section.Error(section.Has("MinTtl") ? "MinTtl" : "MaxTtl",
                $"makes MinTtl, {options.MinTtl}, longer than MaxTtl, {options.MaxTtl}", "Make MinTtl at most MaxTtl.");
        }

        return options;
    }
}
