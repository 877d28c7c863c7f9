using Gateway.Clusters;

namespace Gateway.Management.Api;

/// <summary>The latest actions on destinations, so that they can be taken back. May be used from any thread.</summary>
internal sealed class Undo
{
    private const int Most = 100;
    private readonly Lock _gate = new();
    private readonly List<Step> _steps = [];

    /// <summary>One action.</summary>
    internal sealed record Step(long Id, string Cluster, string Destination, Standing Before, Standing After);

    public void Add(Step step)
    {
        lock (_gate)
        {
            if (_steps.Count == Most)
            {
                _steps.RemoveAt(0);
            }

            _steps.Add(step);
        }
    }

    public Step? Find(long id)
    {
        lock (_gate)
        {
            return _steps.Find(step => step.Id == id);
        }
    }

    public void Forget(long id)
    {
        lock (_gate)
        {
            _steps.RemoveAll(step => step.Id == id);
        }
    }
}
