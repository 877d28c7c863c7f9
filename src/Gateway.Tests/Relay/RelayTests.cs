using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>Tests that run over each engine: derived once for each.</summary>
public abstract class RelayTests(string engine)
{
    private protected RelayRig NewRig(TimeProvider? time = null) => new(engine, time);

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
}
