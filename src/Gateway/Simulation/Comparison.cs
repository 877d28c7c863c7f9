using System.Text.Json;

namespace Gateway.Simulation;

/// <summary>Holds what Gateway did against what a scenario recorded. What was not recorded is not compared.</summary>
internal sealed class Comparison(SimulatedService[] services)
{
    private readonly List<string> _differences = [];

    public IReadOnlyList<string> Differences => _differences;

    public void OfDecision(string at, ScenarioStep step, string? server)
    {
        if (step.Got.ValueKind != JsonValueKind.Undefined && step.Got.GetString() != server)
        {
            Differ(at, $"got {step.Got.GetString() ?? "none"}", server ?? "none");
        }
    }

    public void OfOrder(string at, IReadOnlyList<string>? recorded)
    {
        if (recorded is not null && !recorded.SequenceEqual(services[0].Order))
        {
            Differ(at, $"order {string.Join(' ', recorded)}", string.Join(' ', services[0].Order));
        }
    }

    /// <summary>Everything recorded after a step.</summary>
    public void Of(string at, ScenarioStep step)
    {
        OfOrder(at, step.Order);
        OfCounts(at, services[0], step.Counts);
        foreach (var (name, counts) in step.OtherCounts ?? new Dictionary<string, IReadOnlyDictionary<string, int[]>>())
        {
            OfCounts(at, Array.Find(services, service => service.Name == name)!, counts);
        }

        OfTemplates(at, step.Templates);
    }

    private static string Text(ScenarioTemplate template) =>
        $"{template.Client}={template.Server}" + (template.Virtual.EndsWith(":65535", StringComparison.Ordinal) ? "(left)" : "");

    private void OfCounts(string at, SimulatedService service, IReadOnlyDictionary<string, int[]>? recorded)
    {
        foreach (var (server, counts) in recorded ?? new Dictionary<string, int[]>())
        {
            var here = service.Counts(server);
            if (!counts.SequenceEqual(here))
            {
                Differ(at, $"{server} counts {string.Join('/', counts)}", string.Join('/', here));
            }
        }
    }

    private void OfTemplates(string at, IReadOnlyList<ScenarioTemplate>? recorded)
    {
        if (recorded is null)
        {
            return;
        }

        var expected = string.Join(' ', recorded.Select(Text).Order(StringComparer.Ordinal));
        var here = string.Join(' ', services[0].Templates().Select(t => $"{t.Client}={t.Server.DestinationId}")
            .Concat(services[0].LeftTemplates().Select(t => $"{t.Client}={t.Server.DestinationId}(left)"))
            .Order(StringComparer.Ordinal));
        if (expected != here)
        {
            Differ(at, $"templates {expected}", here);
        }
    }

    private void Differ(string at, string recorded, string here) => _differences.Add($"{at}: {recorded}, here {here}");
}
