namespace Gateway.Import.Balance;

/// <summary>One call of <c>balance</c>: a port, and groups of channels that serve it.</summary>
internal sealed record BalanceCall
{
    /// <summary>The port to listen on.</summary>
    public int Port { get; init; }

    /// <summary>The address to listen on; null is all.</summary>
    public string? Address { get; init; }

    /// <summary>The address that connections to channels come from; null is the system's choice.</summary>
    public string? Source { get; init; }

    /// <summary>Whether all addresses are those of IPv6.</summary>
    public bool IsIPv6 { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time without a byte after which a connection ends; zero is never.</summary>
    public TimeSpan IdleTimeout { get; init; }

    /// <summary>Whether a hash group tries its next channel when the one a client hashes to fails.</summary>
    public bool HashFailsOver { get; init; }

    /// <summary>Whether a channel is disabled as soon as a connection to it fails.</summary>
    public bool DisablesFailed { get; init; }

    /// <summary>Whether requests are balanced instead of connections.</summary>
    public bool IsHttp { get; init; }

    /// <summary>A scheduler instead of that of the first group; null is that of the group.</summary>
    public string? Scheduler { get; init; }

    /// <summary>A file to write the configuration to, instead of running it.</summary>
    public string? Save { get; init; }

    public IReadOnlyList<BalanceGroup> Groups { get; init; } = [];

    /// <summary>What differs from balance, and how much.</summary>
    public IReadOnlyList<(Verdict Verdict, string Note)> Remarks { get; init; } = [];
}

/// <summary>Channels that are tried together: in turn, or by a hash of the client's address.</summary>
internal sealed record BalanceGroup(bool IsHash, IReadOnlyList<BalanceChannel> Channels);

/// <summary>One destination; a limit of 0 is none.</summary>
internal sealed record BalanceChannel(string Host, int Port, int Limit)
{
    /// <summary>A channel of <c>host</c>, <c>host:port</c> or <c>host:port:maxc</c>, where an empty port is that of the
    /// listener; null when it is none. IPv6 addresses are in brackets.</summary>
    public static BalanceChannel? Parse(string word, int listenPort)
    {
        var end = word.StartsWith('[') ? word.IndexOf(']', StringComparison.Ordinal) + 1 : word.IndexOf(':', StringComparison.Ordinal);
        var host = end <= 0 ? word : word[..end];
        var parts = end <= 0 || end >= word.Length ? [] : word[end..].Split(':')[1..];
        var port = parts.Length > 0 && parts[0].Length > 0 ? Words.Port(parts[0]) : listenPort;
        var limit = parts.Length > 1 && parts[1].Length > 0 ? Words.Whole(parts[1]) : 0;
        return end == 0 || parts.Length > 2 || port is not { } number || limit is not (>= 0 and <= int.MaxValue)
            || (end > 0 && end < word.Length && word[end] != ':')
            || Words.Destination("tcp", host, number) is null
                ? null : new BalanceChannel(host, number, (int)limit.Value);
    }
}
