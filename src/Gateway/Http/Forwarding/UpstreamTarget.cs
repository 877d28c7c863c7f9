using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;

namespace Gateway.Http.Forwarding;

/// <summary>Where the requests for one destination go, worked out once.</summary>
internal sealed class UpstreamTarget
{
    // Long enough that a burst of connections asks once, short enough that a changed record is followed at once.
    private static readonly TimeSpan _namesKept = TimeSpan.FromSeconds(5);

    private readonly Func<ClusterOptions?>? _cluster;
    private readonly TimeProvider _time;
    private readonly Func<string, Task<IPAddress[]>> _lookUp;
    private readonly Uri _address;
    private readonly string? _configuredHost;
    private readonly string _host;
    private Task<IPAddress[]> _addresses;
    private long _asked;

    /// <param name="address">An <c>http://</c> address.</param>
    /// <param name="host">What to send as Host instead of the address's own; null for that.</param>
    /// <param name="state">The destination's counters; null when the destination has left the configuration.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cluster">What the configuration says of its cluster now; null when that has left it.</param>
    /// <param name="lookUp">Finds the addresses of a name; null asks the system's resolver.</param>
    public UpstreamTarget(
        Uri address, string? host, DestinationState? state, TimeProvider time, Func<ClusterOptions?>? cluster = null,
        Func<string, Task<IPAddress[]>>? lookUp = null)
    {
        if (!IsPlain(address))
        {
            throw new ArgumentException($"{address} is not spoken to without TLS.", nameof(address));
        }

        _cluster = cluster;
        _time = time;
        _lookUp = lookUp ?? Dns.GetHostAddressesAsync;
        _address = address;
        _configuredHost = host;
        _host = address.DnsSafeHost;
        Port = address.Port;
        State = state;
        Host = Encoding.Latin1.GetBytes(host ?? address.Authority);
        BasePath = Encoding.Latin1.GetBytes(address.AbsolutePath.TrimEnd('/'));
        IsName = !IPAddress.TryParse(_host, out var ip);
        _addresses = Task.FromResult<IPAddress[]>(ip is null ? [] : [ip]);
    }

    public int Port { get; }

    /// <summary>Time to connect.</summary>
    public TimeSpan ConnectTimeout => _cluster?.Invoke()?.ConnectTimeout ?? Upstream.ConnectTimeout;

    /// <summary>How long a connection is kept without a request.</summary>
    public TimeSpan IdleTimeout => _cluster?.Invoke()?.IdleTimeout ?? Upstream.IdleTimeout;

    public DestinationState? State { get; }

    /// <summary>The value of the Host header when the client's is not passed on.</summary>
    public byte[] Host { get; }

    /// <summary>What comes before the path of a request, without a slash at its end.</summary>
    public byte[] BasePath { get; }

    /// <summary>Whether the address is a name, which must be looked up.</summary>
    public bool IsName { get; }

    /// <summary>Whether HTTP without TLS is what an address asks for; nothing may be sent in the clear to any other.</summary>
    public static bool IsPlain(Uri address) => address.Scheme == Uri.UriSchemeHttp;

    /// <summary>Whether it is where this address and Host lead to.</summary>
    public bool Is(Uri address, string? host) =>
        (ReferenceEquals(_address, address) || _address == address) && _configuredHost == host;

    /// <summary>The time that the next of several addresses may take.</summary>
    /// <param name="since">Timestamp at which connecting began.</param>
    /// <param name="addresses">How many have not been tried.</param>
    public TimeSpan PatienceFor(long since, int addresses) =>
        ConnectTime.Part(ConnectTimeout, _time.GetElapsedTime(since), addresses);

    /// <summary>The addresses to try, in order; looked up within <see cref="ConnectTimeout"/>.</summary>
    /// <exception cref="SocketException">The name cannot be looked up, or not in time.</exception>
    public async Task<IPAddress[]> ResolveAsync(CancellationToken cancellation)
    {
        try
        {
            return await ResolveAsync().WaitAsync(ConnectTimeout, _time, cancellation);
        }
        catch (TimeoutException)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
    }

    /// <summary>The same, for as long as the resolver takes.</summary>
    public Task<IPAddress[]> ResolveAsync()
    {
        if (IsName && (_asked == 0 || (_addresses.IsCompleted && _time.GetElapsedTime(_asked) >= _namesKept)))
        {
            // Two requests may both ask; either answer is right.
            _asked = _time.GetTimestamp();
            _addresses = _lookUp(_host);
        }

        return _addresses;
    }
}
