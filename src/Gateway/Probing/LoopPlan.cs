using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>Which loops a new snapshot needs: those there are, kept, and new ones. Used once.</summary>
/// <param name="old">The loops there are.</param>
/// <param name="create">Makes a loop that is missing.</param>
internal sealed class LoopPlan(
    Dictionary<(ProbeTarget Target, ProbeOptions Options), ProbeLoop> old,
    Func<(ProbeTarget Target, ProbeOptions Options), ProbeLoop> create)
{
    private readonly Dictionary<(ProbeTarget Target, ProbeOptions Options), ProbeLoop> _loops = [];
    private readonly Dictionary<ProbeLoop, List<ProbeWatch>> _watches = [];
    private readonly List<(ProbeLoop Loop, ProbeWatch? Before)> _new = [];

    /// <summary>Watches that are new.</summary>
    public List<ProbeWatch> Added { get; } = [];

    /// <summary>Loops to start, each with what must have ended before; after <see cref="Finish"/>.</summary>
    public List<(ProbeLoop Loop, Task Before)> Started { get; } = [];

    /// <summary>The loops of a destination, one for each of its probes.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="probes">All probes of its cluster.</param>
    /// <param name="before">What watched it so far.</param>
    public ProbeLoop[] LoopsFor(Destination destination, ProbeOptions[] probes, ProbeWatch? before)
    {
        var loops = new ProbeLoop[probes.Length];
        for (var i = 0; i < probes.Length; i++)
        {
            var key = (ProbeTarget.Of(destination.Options, probes[i]), probes[i]);
            if (!_loops.TryGetValue(key, out var loop))
            {
                if (!old.TryGetValue(key, out loop))
                {
                    loop = create(key);
                    _new.Add((loop, before));
                }

                _loops.Add(key, loop);
                _watches.Add(loop, []);
            }

            loops[i] = loop;
        }

        return loops;
    }

    public ProbeWatch Add(ProbeWatch watch)
    {
        Added.Add(watch);
        return Keep(watch);
    }

    public ProbeWatch Keep(ProbeWatch watch)
    {
        foreach (var loop in watch.Loops.Distinct())
        {
            _watches[loop].Add(watch);
        }

        return watch;
    }

    /// <summary>Ends the loops nobody needs, tells the others whom they serve, and returns them.</summary>
    public Dictionary<(ProbeTarget Target, ProbeOptions Options), ProbeLoop> Finish()
    {
        foreach (var (_, loop) in old)
        {
            if (!_watches.ContainsKey(loop))
            {
                loop.Dispose();
            }
        }

        foreach (var (loop, watches) in _watches)
        {
            loop.Watches = [.. watches];
        }

        // A destination whose probe was edited is not probed by both at a time.
        foreach (var (loop, before) in _new)
        {
            Started.Add((loop, Task.WhenAll(
                (before?.Loops ?? []).Where(one => !_watches.ContainsKey(one)).Select(one => one.Ended))));
        }

        return _loops;
    }
}
