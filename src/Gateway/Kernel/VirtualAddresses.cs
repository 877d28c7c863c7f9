using System.Net;
using Gateway.Clusters;
using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel;

/// <summary>The virtual addresses that Gateway itself puts on interfaces: added when they are wanted, announced to the
/// segment, removed when they are not. All members may be called from any thread.</summary>
internal sealed partial class VirtualAddresses(TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Announced again after these times: a switch or a neighbour may have missed the first.</summary>
    private static readonly TimeSpan[] _again = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Device> _ours = [];
    private readonly List<ITimer> _timers = [];
    private readonly ILogger _logger = logger;
    private bool _disposed;

    /// <summary>Brings the addresses in line with what virtual servers want.</summary>
    public void Apply(IReadOnlyList<VirtualServerOptions> servers)
    {
        var wanted = new Dictionary<IPAddress, string>();
        foreach (var server in servers)
        {
            if (server is { AssignAddress: true, Interface: { } device })
            {
                foreach (var endPoint in server.Listen)
                {
                    wanted.TryAdd(endPoint.Address, device);
                }
            }
        }

        lock (_gate)
        {
            if (_disposed || (wanted.Count == 0 && _ours.Count == 0))
            {
                return;
            }

            try
            {
                using var routes = new RouteSocket();
                RemoveNeedsLock(routes, address => !wanted.TryGetValue(address, out var name) || _ours[address].Name != name);
                var devices = routes.Devices();
                foreach (var (address, name) in wanted.Where(pair => !_ours.ContainsKey(pair.Key)))
                {
                    AddNeedsLock(routes, address, devices.GetValueOrDefault(name), name);
                }
            }
            catch (Exception e)
            {
                LogFailed(e is NetlinkException ? e.Message : e.ToString());
            }
        }
    }

    /// <summary>Takes all of them off again.</summary>
    public void RemoveAll()
    {
        lock (_gate)
        {
            if (_ours.Count == 0)
            {
                return;
            }

            try
            {
                using var routes = new RouteSocket();
                RemoveNeedsLock(routes, _ => true);
            }
            catch (Exception e)
            {
                LogFailed(e is NetlinkException ? e.Message : e.ToString());
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timers.ForEach(timer => timer.Dispose());
        }
    }

    private void AddNeedsLock(RouteSocket routes, IPAddress address, Device? device, string name)
    {
        if (device is null)
        {
            LogNoInterface(address, name);
            return;
        }

        try
        {
            if (routes.Add(address, device))
            {
                LogAdded(address, name);
            }

            // One that was there, as after a crash, is ours all the same: the configuration says so.
            _ours[address] = device;
            Announce(address, device, routes.LinkAddress(device));
        }
        catch (NetlinkException e)
        {
            LogFailed(e.Message);
        }
    }

    private void RemoveNeedsLock(RouteSocket routes, Func<IPAddress, bool> which)
    {
        foreach (var (address, device) in _ours.Where(pair => which(pair.Key)).ToArray())
        {
            _ours.Remove(address);
            try
            {
                routes.Remove(address, device);
                LogRemoved(address, device.Name);
            }
            catch (Exception e)
            {
                LogFailed(e is NetlinkException ? e.Message : e.ToString());
            }
        }
    }

    private void Announce(IPAddress address, Device device, byte[] linkAddress)
    {
        if (linkAddress.Length != Announcement.LinkAddressLength)
        {
            return;
        }

        Send();
        foreach (var after in _again)
        {
            _timers.Add(time.CreateTimer(_ => SendIfOurs(), null, after, Timeout.InfiniteTimeSpan));
        }

        void SendIfOurs()
        {
            lock (_gate)
            {
                if (!_disposed && _ours.ContainsKey(address))
                {
                    Send();
                }
            }
        }

        void Send()
        {
            if (PacketSocket.Send(device.Index, Announcement.Of(address, linkAddress)) is { } error)
            {
                LogNotAnnounced(address, device.Name, error);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Virtual address {Address} added to {Interface}")]
    private partial void LogAdded(IPAddress address, string @interface);

    [LoggerMessage(LogLevel.Information, "Virtual address {Address} removed from {Interface}")]
    private partial void LogRemoved(IPAddress address, string @interface);

    [LoggerMessage(LogLevel.Error, "Virtual address {Address} cannot be added: there is no interface {Interface}")]
    private partial void LogNoInterface(IPAddress address, string @interface);

    [LoggerMessage(LogLevel.Warning, "Virtual address {Address} was not announced on {Interface}: {Error}")]
    private partial void LogNotAnnounced(IPAddress address, string @interface, string error);

    [LoggerMessage(LogLevel.Error, "Virtual addresses are not as they should be: {Error}")]
    private partial void LogFailed(string error);
}
