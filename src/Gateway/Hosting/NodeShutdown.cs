using Gateway.Draining;
using Microsoft.Extensions.Options;

namespace Gateway.Hosting;

/// <summary>Makes the end of the process a drain of the node, whose deadline is the shutdown timeout.</summary>
internal sealed class NodeShutdown(DrainService drains, IOptions<HostOptions> host, TimeProvider time)
{
    /// <summary>What the drain at the end of the process says of who ordered it.</summary>
    private const string Who = "the end of the process";

    public void Begin()
    {
        var now = time.GetUtcNow();
        drains.Start(new DrainJob("", null, null, Who, "", now)
        {
            Deadline = now + host.Value.ShutdownTimeout,
            IsShutdown = true,
        });
    }
}
