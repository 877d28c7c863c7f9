using Gateway.Clusters;

namespace Gateway.Kernel;

/// <summary>What the kernel has counted for one target, carried over into the counters all data planes share.</summary>
/// <remarks>Flows in progress are counted exactly now and then, by going through the maps; in between they are reckoned by
/// how many began and ended, which overlooks only those that end by timeout.</remarks>
internal sealed class FlowTally(DestinationState state)
{
    private KernelCounters? _last;
    private KernelCounters _exactAt;
    private int _exactActive;
    private int _exactInactive;
    private int _active;
    private int _inactive;

    /// <summary>The counters as last read.</summary>
    public KernelCounters Counters => _last ?? default;

    /// <summary>Flows in progress.</summary>
    public int Active => _active;

    /// <summary>Flows that are closing, and those of UDP.</summary>
    public int Inactive => _inactive;

    /// <summary>Takes new values of the counters. The first are what another process left behind, and count as none.</summary>
    public void Count(in KernelCounters now)
    {
        if (_last is { } last)
        {
            state.CountFlows(now.Started - last.Started);
            state.CountSent(now.BytesSent - last.BytesSent);
            state.CountReceived(now.BytesReceived - last.BytesReceived);
        }
        else
        {
            _exactAt = now;
        }

        _last = now;
    }

    /// <summary>Takes an exact count of flows in progress, made after the counters were read.</summary>
    public void Correct(int active, int inactive) => (_exactActive, _exactInactive, _exactAt) = (active, inactive, Counters);

    /// <summary>Reckons the flows in progress.</summary>
    /// <param name="isUdp">Whether they count as inactive, as in IPVS.</param>
    public void Settle(bool isUdp)
    {
        var ended = (int)(Counters.Ended - _exactAt.Ended);
        var open = Math.Max(0, _exactActive + (int)(Counters.Started - _exactAt.Started) - ended);
        var closing = Math.Max(0, _exactInactive + ended);
        Show(isUdp ? 0 : open, isUdp ? open + closing : closing);
    }

    /// <summary>Takes back all flows in progress: the target is gone.</summary>
    public void Leave() => Show(0, 0);

    private void Show(int active, int inactive)
    {
        if ((active, inactive) != (_active, _inactive))
        {
            state.Shift(active - _active, inactive - _inactive);
            (_active, _inactive) = (active, inactive);
        }
    }
}

/// <summary>The kernel's counters of one target.</summary>
/// <param name="Started">Flows that began.</param>
/// <param name="Ended">Flows whose client or server said that they end.</param>
/// <param name="PacketsSent">Packets to the target.</param>
/// <param name="BytesSent">Bytes to the target.</param>
/// <param name="PacketsReceived">Packets back from it, where they pass here.</param>
/// <param name="BytesReceived">Bytes back from it, where they pass here.</param>
internal readonly record struct KernelCounters(
    long Started, long Ended, long PacketsSent, long BytesSent, long PacketsReceived, long BytesReceived)
{
    public static KernelCounters operator +(in KernelCounters a, in KernelCounters b) => new(
        a.Started + b.Started, a.Ended + b.Ended, a.PacketsSent + b.PacketsSent, a.BytesSent + b.BytesSent,
        a.PacketsReceived + b.PacketsReceived, a.BytesReceived + b.BytesReceived);
}
