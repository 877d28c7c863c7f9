using System.Net;
using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel;

/// <summary>Tells segments where virtual addresses are: when an address is new there, when its interface begins to run or has
/// another hardware address, and twice again. All members may be called from any thread.</summary>
internal sealed partial class AddressAnnouncer(TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Announced again after these times: a switch or a neighbour may have missed the first.</summary>
    private static readonly TimeSpan[] _again = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Announced> _announced = [];
    private readonly ILogger _logger = logger;
    private bool _disposed;

    /// <summary>What was announced, and what does it again.</summary>
    private sealed record Announced(Device Device, byte[] LinkAddress, List<ITimer> Timers);

    /// <summary>An address is on this interface, as it stands now.</summary>
    public void Note(IPAddress address, Link link)
    {
        lock (_gate)
        {
            if (_disposed || (_announced.TryGetValue(address, out var before)
                && link.IsRunning && before.Device == link.Device && before.LinkAddress.AsSpan().SequenceEqual(link.Address)))
            {
                return;
            }

            ForgetNeedsLock(address);
            if (link.IsRunning && link.Address.Length == Announcement.LinkAddressLength)
            {
                var announced = new Announced(link.Device, link.Address, []);
                _announced[address] = announced;
                Send(address, announced);
                foreach (var after in _again)
                {
                    announced.Timers.Add(time.CreateTimer(_ => SendAgain(address, announced), null, after, Timeout.InfiniteTimeSpan));
                }
            }
        }
    }

    /// <summary>It is no longer there, or there anew.</summary>
    public void Forget(IPAddress address)
    {
        lock (_gate)
        {
            ForgetNeedsLock(address);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var address in _announced.Keys)
            {
                ForgetNeedsLock(address); // which a dictionary allows while it is walked
            }
        }
    }

    private void ForgetNeedsLock(IPAddress address)
    {
        if (_announced.Remove(address, out var announced))
        {
            announced.Timers.ForEach(timer => timer.Dispose());
        }
    }

    private void SendAgain(IPAddress address, Announced announced)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_announced.GetValueOrDefault(address), announced))
            {
                Send(address, announced);
            }
        }
    }

    private void Send(IPAddress address, Announced announced)
    {
        if (PacketSocket.Send(announced.Device.Index, Announcement.Of(address, announced.LinkAddress)) is { } error)
        {
            LogNotAnnounced(address, announced.Device.Name, error);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Virtual address {Address} was not announced on {Interface}: {Error}")]
    private partial void LogNotAnnounced(IPAddress address, string @interface, string error);
}
