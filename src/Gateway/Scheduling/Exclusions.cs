using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Destinations one flow must not be given: those it already failed at, and those some other rule keeps from
/// it. Belongs to one flow; not thread-safe.</summary>
internal sealed class Exclusions
{
    private readonly List<Destination> _destinations = [];

    public void Add(Destination destination) => _destinations.Add(destination);

    public bool Contains(Destination destination)
    {
        foreach (var excluded in _destinations)
        {
            if (ReferenceEquals(excluded.State, destination.State))
            {
                return true;
            }
        }

        return false;
    }
}
