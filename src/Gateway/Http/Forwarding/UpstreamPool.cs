using Gateway.Clusters;

namespace Gateway.Http.Forwarding;

/// <summary>The idle connections of one event loop, or of all requests that are on none, by destination.</summary>
/// <remarks>The connection that was used last is used next: those that are not needed become old and are closed. The lock
/// is never contended on a loop, whose requests are the only ones to come.</remarks>
internal sealed class UpstreamPool : IIdleConnections, IDisposable
{
    /// <summary>Idle connections kept for one destination; what is beyond is closed.</summary>
    public const int MaxIdle = 1024;

    private const int FewTargets = 64;

    private readonly Dictionary<UpstreamTarget, List<Upstream>> _idle = [];
    private readonly Lock _gate = new();
    private bool _isDisposed;

    // Destinations come and go: beyond so many targets, those without a connection are forgotten.
    private int _mostTargets = FewTargets;

    /// <summary>Targets that are kept; most of them have an idle connection, or had one lately.</summary>
    public int Targets => _idle.Count;

    /// <summary>An idle connection that the destination has neither closed nor written to; null when there is none.</summary>
    /// <param name="target">The destination.</param>
    /// <param name="mayRepeat">Whether the request may be sent once more if the connection turns out to have been closed.</param>
    public Upstream? Take(UpstreamTarget target, bool mayRepeat)
    {
        while (Pop(target) is { } upstream)
        {
            if (upstream.IsQuiet(mayRepeat) && upstream.End == UpstreamEnd.None)
            {
                return upstream;
            }

            upstream.Close(UpstreamEnd.Done);
        }

        return null;
    }

    /// <summary>Keeps a connection whose exchange was completed, for the next one.</summary>
    public void Return(Upstream upstream)
    {
        upstream.ReleaseBuffers();
        upstream.Rest();
        lock (_gate)
        {
            if (!_isDisposed && upstream.End == UpstreamEnd.None)
            {
                if (!_idle.TryGetValue(upstream.Target, out var list))
                {
                    ForgetEmptyNeedsLock();
                    _idle[upstream.Target] = list = [];
                }

                if (list.Count < MaxIdle)
                {
                    upstream.IdleIndex = list.Count;
                    list.Add(upstream);
                    return;
                }
            }
        }

        upstream.Close(UpstreamEnd.Done);
    }

    /// <summary>Removes a connection that is to be closed; false when it is not among the idle ones, because somebody has
    /// taken it.</summary>
    public bool Forget(Upstream upstream)
    {
        lock (_gate)
        {
            if (upstream.IdleIndex < 0 || !_idle.TryGetValue(upstream.Target, out var list))
            {
                return false;
            }

            var last = list[^1];
            list[upstream.IdleIndex] = last;
            last.IdleIndex = upstream.IdleIndex;
            upstream.IdleIndex = -1;
            list.RemoveAt(list.Count - 1);
            if (list.Count == 0)
            {
                _idle.Remove(upstream.Target);
            }

            return true;
        }
    }

    /// <summary>Closes the idle connections to these destinations; true, since nobody else's requests are on them.</summary>
    public bool CloseIdle(IReadOnlySet<DestinationState> destinations)
    {
        Upstream[] idle;
        lock (_gate)
        {
            idle = [.. _idle.Where(entry => entry.Key.State is { } state && destinations.Contains(state)).SelectMany(entry => entry.Value)];
        }

        foreach (var upstream in idle.Where(Forget))
        {
            upstream.Close(UpstreamEnd.Done);
        }

        return true;
    }

    /// <summary>Closes all idle connections, and those that are returned from now on.</summary>
    public void Dispose()
    {
        Upstream[] all;
        lock (_gate)
        {
            _isDisposed = true;
            all = [.. _idle.Values.SelectMany(list => list)];
        }

        foreach (var upstream in all)
        {
            upstream.Close(UpstreamEnd.Done);
        }
    }

    /// <summary>Lists are kept while connections go in and out, so that a request allocates none; those of targets that
    /// are no longer used go when the targets have become twice as many.</summary>
    private void ForgetEmptyNeedsLock()
    {
        if (_idle.Count >= _mostTargets)
        {
            foreach (var target in _idle.Where(entry => entry.Value.Count == 0).Select(entry => entry.Key).ToArray())
            {
                _idle.Remove(target);
            }

            _mostTargets = Math.Max(FewTargets, 2 * _idle.Count);
        }
    }

    private Upstream? Pop(UpstreamTarget target)
    {
        lock (_gate)
        {
            if (!_idle.TryGetValue(target, out var list) || list.Count == 0)
            {
                return null;
            }

            var upstream = list[^1];
            list.RemoveAt(list.Count - 1);
            upstream.IdleIndex = -1;
            return upstream;
        }
    }
}
