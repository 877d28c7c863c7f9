using System.Net;
using Gateway.Clusters;
using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel;

/// <summary>The virtual addresses that Gateway itself puts on interfaces: added when they are wanted, put back when they are
/// lost, announced to the segment, removed when they are not wanted. All members may be called from any thread.</summary>
/// <remarks>The kernel loses them when their interface goes, one of IPv6 also when it is set down; other programs may take
/// them off.</remarks>
internal sealed partial class VirtualAddresses(TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Where the kernel announces changes all the time, it is looked no more often.</summary>
    private static readonly TimeSpan _shortestInterval = TimeSpan.FromSeconds(1);

    /// <summary>All is looked at again after this time, should the kernel have kept something to itself.</summary>
    private static readonly TimeSpan _longestInterval = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly AddressAnnouncer _announcer = new(time, logger);
    private readonly Dictionary<IPAddress, Device> _ours = [];

    // What was said last of each that cannot be added, so that it is said once.
    private readonly Dictionary<IPAddress, string> _errors = [];
    private readonly ILogger _logger = logger;
    private Dictionary<IPAddress, string> _wanted = [];
    private RouteMonitor? _monitor;
    private long _lookedAt;
    private bool _isStale;
    private string? _failure;
    private bool _closed;

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
            if (!_closed && (wanted.Count != _wanted.Count || wanted.Except(_wanted).Any()))
            {
                _wanted = wanted;
                _errors.Clear();
                TryNeedsLock(ReconcileNeedsLock);
            }
        }
    }

    /// <summary>Puts back what the kernel has lost, and announces it. To be called about once a second; looks only when the
    /// kernel has announced a change, or has not for long.</summary>
    public void Restore()
    {
        lock (_gate)
        {
            if (!_closed && _wanted.Count > 0)
            {
                TryNeedsLock(() =>
                {
                    _isStale |= _monitor is null || _monitor.HasChanged();
                    var age = time.GetElapsedTime(_lookedAt);
                    if ((_isStale && age >= _shortestInterval) || age >= _longestInterval)
                    {
                        ReconcileNeedsLock();
                    }
                });
            }
        }
    }

    /// <summary>Takes all of them off again, for good.</summary>
    public void RemoveAll()
    {
        lock (_gate)
        {
            _closed = true;
            _wanted = [];
            if (_ours.Count > 0)
            {
                TryNeedsLock(ReconcileNeedsLock);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _announcer.Dispose();
            _monitor?.Dispose();
            _monitor = null;
        }
    }

    private void TryNeedsLock(Action action)
    {
        string? failure = null;
        try
        {
            action();
        }
        catch (Exception e)
        {
            // Whatever it is, it is tried again.
            failure = e is NetlinkException ? e.Message : e.ToString();
        }

        if (failure is not null && failure != _failure)
        {
            LogFailed(failure);
        }

        _failure = failure;
    }

    private void ReconcileNeedsLock()
    {
        // Before anything is read: what changes meanwhile is announced once more.
        _monitor ??= new RouteMonitor(RouteMonitor.AddressesOnly);
        _lookedAt = time.GetTimestamp();
        using var routes = new RouteSocket();
        var links = routes.Links();
        var present = routes.AddressesOf(links.Values.Select(link => link.Device)).ToHashSet();
        RemoveNeedsLock(routes, links, present);
        foreach (var (address, name) in _wanted)
        {
            var error = links.TryGetValue(name, out var link)
                ? AddNeedsLock(routes, address, link, present) : $"there is no interface {name}";
            if (error is null)
            {
                _errors.Remove(address);
                _announcer.Note(address, link!);
            }
            else if (_errors.GetValueOrDefault(address) != error)
            {
                _errors[address] = error;
                LogNotAdded(address, error);
            }
        }

        _isStale = false;
    }

    /// <summary>Puts an address on its interface; returns why it could not.</summary>
    private string? AddNeedsLock(RouteSocket routes, IPAddress address, Link link, HashSet<(IPAddress, Device)> present)
    {
        var isKnown = _ours.TryGetValue(address, out var device) && device == link.Device;
        if (isKnown && present.Contains((address, link.Device)))
        {
            return null;
        }

        try
        {
            if (isKnown)
            {
                LogLost(address, link.Device.Name);
            }

            if (routes.Add(address, link.Device))
            {
                LogAdded(address, link.Device.Name);
            }

            // One that was there, as after a crash, is ours all the same: the configuration says so.
            _ours[address] = link.Device;
            _announcer.Forget(address);
            return null;
        }
        catch (NetlinkException e)
        {
            return e.Message;
        }
    }

    /// <summary>Takes off what is not wanted, or not there. With an interface its addresses have gone as well.</summary>
    private void RemoveNeedsLock(RouteSocket routes, Dictionary<string, Link> links, HashSet<(IPAddress, Device)> present)
    {
        foreach (var (address, device) in _ours)
        {
            if (_wanted.TryGetValue(address, out var name) && links.GetValueOrDefault(name)?.Device == device)
            {
                continue;
            }

            _ours.Remove(address); // which a dictionary allows while it is walked
            _announcer.Forget(address);

            // It may have another name now.
            var now = links.Values.FirstOrDefault(link => link.Device.Index == device.Index)?.Device;
            if (now is null)
            {
                LogGone(address, device.Name);
            }
            else if (present.Contains((address, now)))
            {
                TakeOff(routes, address, now);
            }
        }
    }

    private void TakeOff(RouteSocket routes, IPAddress address, Device device)
    {
        try
        {
            routes.Remove(address, device);
            LogRemoved(address, device.Name);
        }
        catch (NetlinkException e)
        {
            LogFailed(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Virtual address {Address} added to {Interface}")]
    private partial void LogAdded(IPAddress address, string @interface);

    [LoggerMessage(LogLevel.Information, "Virtual address {Address} removed from {Interface}")]
    private partial void LogRemoved(IPAddress address, string @interface);

    [LoggerMessage(LogLevel.Warning, "Virtual address {Address} was lost from {Interface}, which was set down or had it taken off")]
    private partial void LogLost(IPAddress address, string @interface);

    [LoggerMessage(LogLevel.Information, "Virtual address {Address} went with the interface {Interface}")]
    private partial void LogGone(IPAddress address, string @interface);

    [LoggerMessage(LogLevel.Error, "Virtual address {Address} cannot be added: {Error}")]
    private partial void LogNotAdded(IPAddress address, string error);

    [LoggerMessage(LogLevel.Error, "Virtual addresses are not as they should be: {Error}")]
    private partial void LogFailed(string error);
}
