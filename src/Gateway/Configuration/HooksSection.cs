using Gateway.Clusters;
using Gateway.Hooks;

namespace Gateway.Configuration;

/// <summary>Reads the <c>Hooks</c> section.</summary>
internal static class HooksSection
{
    private const int MostHooks = 32;

    /// <param name="section">The section.</param>
    /// <param name="clusters">The ids of all clusters, which a hook may name; null is not to check.</param>
    public static IReadOnlyList<HookOptions> Read(Section section, IReadOnlyList<string>? clusters = null)
    {
        if (section.Children.Skip(MostHooks).Any())
        {
            section.Error($"has more than {MostHooks} hooks", "Let one of them tell others.");
        }

        return [.. section.Children.Select(hook => ReadOne(hook, clusters))];
    }

    private static HookOptions ReadOne(Section section, IReadOnlyList<string>? clusters)
    {
        var defaults = new HookOptions { Id = section.Id };
        var options = defaults with
        {
            Url = Uri.TryCreate(section.Text("Url"), UriKind.Absolute, out var url) ? url : null,
            Headers = [.. section.Child("Headers").Children.Select(header => new ProbeHeader(header.Id, header.Value ?? ""))],
            Command = [.. section.Child("Command").Elements.Select(word => word.Value ?? "")],
            On = [.. section.Child("On").Elements
                .Select(word => Enum.TryParse<StateEvent>(word.Value, ignoreCase: true, out var one) ? one : (StateEvent?)null)
                .OfType<StateEvent>()],
            Clusters = [.. section.Child("Clusters").Elements.Select(id => id.Value ?? "")],
            Timeout = section.Time("Timeout", defaults.Timeout),
            Attempts = section.Whole("Attempts", defaults.Attempts),
        };
        Check(section, options, clusters);
        return options;
    }

    private static void Check(Section section, HookOptions options, IReadOnlyList<string>? clusters)
    {
        if (section.Has("Url") == section.Has("Command"))
        {
            section.Error(section.Has("Url") ? "has both Url and Command" : "has neither Url nor Command", "Write one of the two.");
        }
        else if (section.Has("Command") && (options.Command.Count == 0 || options.Command[0].Length == 0))
        {
            section.Error("Command", "names no program", "Write the program and its arguments as a list, such as [ \"/usr/local/bin/notify\" ].");
        }
        else if (section.Has("Url") && options.Url?.Scheme is not ("http" or "https"))
        {
            section.Error("Url", "is no address of a web server", "Write one that begins with http:// or https://.");
        }

        if (section.Has("Command") && section.Has("Headers"))
        {
            section.Error("Headers", "has no effect on a command", "Remove it, or use Url.");
        }

        HeaderNames.Check(section.Child("Headers"));
        foreach (var id in section.Child("Clusters").Elements)
        {
            if (clusters is not null && !clusters.Contains(id.Value, StringComparer.OrdinalIgnoreCase))
            {
                id.Error("is no cluster", clusters.Count == 0
                    ? "Add it under ReverseProxy:Clusters, or remove Clusters." : NearestKey.Suggest(id.Value ?? "", [.. clusters]));
            }
        }
    }
}
