using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>Tests that run over each engine: derived once for each.</summary>
public abstract class RelayTests(string engine)
{
    private protected RelayRig NewRig(TimeProvider? time = null, Func<string, Task<IPAddress[]>>? lookUp = null) =>
        new(engine, time, lookUp);

    /// <summary>A relay that runs in front of these destinations, named A, B, C, ... in order.</summary>
    private protected async Task<RelayRig> StartAsync(params EndPoint[] destinations)
    {
        var rig = NewRig();
        await rig.RunAsync(destinations);
        return rig;
    }

    /// <summary>The same for so many connections at once that a slow machine does not come round to each in the usual time
    /// to connect.</summary>
    private protected async Task<RelayRig> StartForManyAsync(params EndPoint[] destinations)
    {
        var rig = NewRig();
        rig.Options = rig.Options with { ConnectTimeout = TimeSpan.FromMinutes(1) };
        await rig.RunAsync(destinations);
        return rig;
    }

    /// <summary>Makes sure that nothing is left of the connections.</summary>
    private protected static void AssertAtRest(RelayRig rig)
    {
        Assert.Equal(0, rig.VirtualServer.Active);
        Assert.Equal(0, rig.Service.Connections.Count);
        foreach (var destination in rig.Store.Current.Clusters[0].Destinations)
        {
            Assert.Equal((0, 0), (destination.State.Active, destination.State.Inactive));
        }
    }

    /// <summary>Always the same bytes.</summary>
    private protected static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
