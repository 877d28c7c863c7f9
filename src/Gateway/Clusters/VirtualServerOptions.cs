using System.Net;

namespace Gateway.Clusters;

/// <summary>What the configuration says of one virtual server: addresses whose connections go to a cluster.</summary>
internal sealed record VirtualServerOptions
{
    /// <summary>Seconds between two keep-alive probes that got no answer.</summary>
    public const int KeepAliveInterval = 15;

    /// <summary>Keep-alive probes without an answer after which the connection is broken.</summary>
    public const int KeepAliveRetries = 4;

    /// <summary>The key of the virtual server in the configuration.</summary>
    public required string Id { get; init; }

    /// <summary>Addresses and ports to listen on.</summary>
    public required IReadOnlyList<IPEndPoint> Listen { get; init; }

    /// <summary><c>tcp</c> or <c>udp</c>.</summary>
    public string Protocol { get; init; } = "tcp";

    /// <summary>The cluster whose destinations serve.</summary>
    public required string ClusterId { get; init; }

    /// <summary><c>relay</c>: Gateway moves the bytes in user space; <c>nat</c>: the kernel translates addresses;
    /// <c>direct</c>: the kernel passes packets on as they are, and answers do not come back here.</summary>
    public string Forwarding { get; init; } = "relay";

    /// <summary>The network interface of the virtual addresses; null is the one that has them.</summary>
    public string? Interface { get; init; }

    /// <summary>Whether Gateway puts the virtual addresses on <see cref="Interface"/>, announces them, and takes them off
    /// again.</summary>
    public bool AssignAddress { get; init; }

    /// <summary>nat: whether destinations see an address of this machine as the client, so that answers find back whatever
    /// their routes are.</summary>
    public bool Masquerade { get; init; }

    /// <summary>nat: whether addresses are translated without connection tracking, wherever that is possible.</summary>
    public bool Stateless { get; init; }

    /// <summary>Time to connect to one destination before the next one is tried.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Time without a byte in either direction after which a connection is closed; zero is never.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The same once one side has closed its half of the connection.</summary>
    public TimeSpan HalfClosedTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Most connections, or UDP sessions, at once over all listeners of the virtual server; 0 is no limit.</summary>
    public int MaxConnections { get; init; }

    /// <summary>Most of them for one client, an IPv4 address or an IPv6 network of 64 bits; 0 is no limit.</summary>
    public int MaxConnectionsPerClient { get; init; }

    /// <summary>Whether destinations are connected to on the port that the client reached, not on their own.</summary>
    public bool SamePort { get; init; }

    /// <summary>Addresses to connect to destinations from, in turn, each for its family; none is the system's choice.</summary>
    public ValueList<IPAddress> SourceAddresses { get; init; } = [];

    /// <summary>Whether destinations are connected to from the client's address (IP_TRANSPARENT).</summary>
    public bool Transparent { get; init; }

    /// <summary>Time that sent bytes may go without acknowledgement before the connection is broken (TCP_USER_TIMEOUT, RFC
    /// 5482), in whole milliseconds; zero is the system's.</summary>
    public TimeSpan UserTimeout { get; init; }

    /// <summary>Silence after which TCP asks whether the other end is still there, in whole seconds; zero is never.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The PROXY protocol, by which proxies tell each other who the client is.</summary>
    public ProxyProtocolOptions ProxyProtocol { get; init; } = ProxyProtocolOptions.None;

    /// <summary>Clusters by the host name that a TLS client asks for; <c>*.example.com</c> is every name below
    /// example.com, <c>*</c> every name. Names that are not here go to <see cref="ClusterId"/>.</summary>
    public ValueList<KeyValuePair<string, string>> Sni { get; init; } = [];

    /// <summary>Clusters by an application protocol that a TLS client offers; asked before <see cref="Sni"/>.</summary>
    public ValueList<KeyValuePair<string, string>> Alpn { get; init; } = [];

    /// <summary>Whether clients that <see cref="Alpn"/> and <see cref="Sni"/> lead nowhere are reset instead of led to
    /// <see cref="ClusterId"/>.</summary>
    public bool SniOnly { get; init; }

    /// <summary>TLS that ends or begins here; null passes bytes on as they are.</summary>
    public RelayTlsOptions? Tls { get; init; }

    /// <summary>What a client is told when no destination can serve it; null resets it.</summary>
    public RelaySorryOptions? Sorry { get; init; }

    /// <summary>Time in which a client must have sent its PROXY protocol header and ClientHello, and TLS be agreed.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>udp: time without a datagram in either direction after which a client is forgotten.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>udp: whether every datagram is scheduled by itself (IPVS one-packet scheduling), not every client.</summary>
    public bool OnePacket { get; init; }

    /// <summary>udp: answers after which a session ends at once: 1 for protocols such as DNS; 0 is any number.</summary>
    public int Replies { get; init; }

    /// <summary>udp: answers passed on for each datagram of a client that has not sent another one since the first answer,
    /// so that Gateway is of little use to flood somebody whose address was forged; 16 times as many once it has; 0 is any
    /// number.</summary>
    public int UnconfirmedReplies { get; init; } = 1;
}
