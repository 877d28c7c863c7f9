using System.Net;
using Gateway.Clusters;
using Gateway.Kernel;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>The kernel's rules after an error that nobody foresaw.</summary>
[Collection(Beds.Name)]
public sealed class FaultRecoveryTests
{
    private static readonly ClusterOptions _cluster = new()
    {
        Id = "web",
        Destinations = [new DestinationOptions { Id = "r1", Address = new Uri($"tcp://10.77.0.11:{BedJson.Tcp}") }],
    };

    private static readonly VirtualServerOptions _server = new()
    {
        Id = "web",
        ClusterId = "web",
        Listen = [new IPEndPoint(KernelBed.Vip4, BedJson.Tcp)],
        Forwarding = "direct",
    };

    private readonly FakeTime _time = new();
    private bool _isBroken;

    [NamespaceFact]
    public void Remove_AfterAnError_TakesTheRulesOut()
    {
        using var bed = new KernelBed(servers: 1);
        using var passes = Broken(bed, new ClusterStore(_time));

        bed.Director.Inside(() => Assert.Null(passes.Remove()));

        Assert.DoesNotContain("gateway", Tables(bed), StringComparison.Ordinal);
    }

    [NamespaceFact]
    public void Pass_AfterAnErrorAndTheServerIsGone_TakesTheRulesOut()
    {
        using var bed = new KernelBed(servers: 1);
        var store = new ClusterStore(_time);
        using var passes = Broken(bed, store);
        store.Apply([_cluster], []);

        bed.Director.Inside(() => passes.Pass(store.Current));

        Assert.DoesNotContain("gateway", Tables(bed), StringComparison.Ordinal);
    }

    [NamespaceFact]
    public void Pass_AfterAnError_RebuildsTheRules()
    {
        using var bed = new KernelBed(servers: 1);
        var store = new ClusterStore(_time);
        using var passes = Broken(bed, store);
        bed.Director.Exec("nft", "delete", "table", "netdev", "gateway");
        _isBroken = false;

        bed.Director.Inside(() => passes.Pass(store.Current));

        Assert.All(passes.Plan.Paths.Where(path => !path.IsIPv6), path => Assert.True(path.IsInKernel, path.Reason));
        Assert.Contains("gateway", Tables(bed), StringComparison.Ordinal);
    }

    /// <summary>What a process left that was killed goes when the next one asks nothing of the kernel; not at its start,
    /// which must not wait for that, and not what another process has in use.</summary>
    [NamespaceFact]
    public void Pass_NothingIsAsked_RemovesWhatAnotherLeft_LaterAndOnlyThen()
    {
        using var bed = new KernelBed(servers: 1);
        var store = new ClusterStore(_time);
        store.Apply([_cluster], [_server]);
        var other = new KernelPasses(_time, () => []);
        bed.Director.Inside(() => other.Pass(store.Current));
        var idle = new ClusterStore(_time);
        idle.Apply([_cluster], []);

        using (var inUse = new KernelPasses(_time, () => []))
        {
            _time.Advance(TimeSpan.FromSeconds(6));
            bed.Director.Inside(() => inUse.Pass(idle.Current));
            Assert.Contains("gateway", Tables(bed), StringComparison.Ordinal);
        }

        other.Dispose();
        using var passes = new KernelPasses(_time, () => []);
        bed.Director.Inside(() => passes.Pass(idle.Current));
        Assert.Contains("gateway", Tables(bed), StringComparison.Ordinal);
        _time.Advance(passes.Interval!.Value);
        bed.Director.Inside(() => passes.Pass(idle.Current));
        Assert.DoesNotContain("gateway", Tables(bed), StringComparison.Ordinal);
        Assert.Null(passes.Interval);
    }

    private static string Tables(KernelBed bed) => bed.Director.Exec("nft", "list", "tables");

    /// <summary>Rules that are in force, and an error in the pass after.</summary>
    private KernelPasses Broken(KernelBed bed, ClusterStore store)
    {
        store.Apply([_cluster], [_server]);
        var passes = new KernelPasses(_time, () => _isBroken ? throw new InvalidDataException("broken") : []);
        bed.Director.Inside(() => passes.Pass(store.Current));
        Assert.Contains("gateway", Tables(bed), StringComparison.Ordinal);

        // The relay's connections are asked for once it has accepted what came before the rules.
        _isBroken = true;
        _time.Advance(TimeSpan.FromSeconds(2));
        var error = Assert.Throws<InvalidOperationException>(() => bed.Director.Inside(() => passes.Pass(store.Current)));
        Assert.IsType<InvalidDataException>(error.InnerException);
        passes.Reset();
        return passes;
    }
}
