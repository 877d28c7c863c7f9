using Gateway.Kernel.Netlink;

namespace Gateway.Kernel;

/// <summary>The ways into the kernel, open together or not at all.</summary>
internal sealed class KernelAccess : IDisposable
{
    private readonly NetlinkSocket _conntrack;

    private KernelAccess(TimeProvider time)
    {
        _conntrack = new NetlinkSocket(NetlinkSocket.Netfilter);
        try
        {
            Conntrack = new Conntrack(_conntrack);
            Tables = new KernelTables();
            Topology = new TopologyReader(time);
            Counting = new FlowCounting(Tables, Conntrack, time);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public KernelTables Tables { get; }

    public Conntrack Conntrack { get; }

    public TopologyReader Topology { get; }

    public FlowCounting Counting { get; }

    /// <summary>Opens them and takes over what a process before has left.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="whyNot">Why there is no way; null when there is one.</param>
    public static KernelAccess? Open(TimeProvider time, out string? whyNot)
    {
        KernelAccess? access = null;
        try
        {
            access = new KernelAccess(time);
            whyNot = access.Tables.Features is { WhyNotDirect: { } direct, WhyNotNat: not null, WhyNotStateless: not null } ? direct : null;
            if (whyNot is null)
            {
                access.Tables.Adopt();
                return access;
            }
        }
        catch (NetlinkException e)
        {
            whyNot = e.Message;
        }

        access?.Dispose();
        return null;
    }

    public void Dispose()
    {
        Topology?.Dispose();
        Tables?.Dispose();
        _conntrack.Dispose();
    }
}
