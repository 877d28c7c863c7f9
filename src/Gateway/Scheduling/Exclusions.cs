using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Destinations one flow must not be given: those it already failed at, and those some other rule keeps from
/// it. Belongs to one flow; not thread-safe.</summary>
internal sealed class Exclusions
{
    private readonly List<Destination> _destinations = [];

    /// <summary>Whether it is about this flow alone, so that what is chosen instead is not to be remembered for its key.
    /// </summary>
    public bool IsForOneFlow { get; private set; } = true;

    public void Add(Destination destination) => _destinations.Add(destination);

    /// <summary>Begins anew with what <paramref name="others"/> excludes; null is nothing.</summary>
    public void Reset(Exclusions? others)
    {
        _destinations.Clear();
        IsForOneFlow = others is not null;
        if (others is not null)
        {
            _destinations.AddRange(others._destinations);
        }
    }

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
