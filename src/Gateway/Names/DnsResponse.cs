using System.Net;

namespace Gateway.Names;

/// <summary>One question: a name without a dot at its end, <c>""</c> for the root, and a type of record.</summary>
internal readonly record struct DnsQuestion(string Name, DnsType Type)
{
    /// <summary>The question for a name as people write it, with or without the dot at its end.</summary>
    /// <exception cref="FormatException">It is no name.</exception>
    public static DnsQuestion Of(string name, DnsType type) => new(DnsName.ToAscii(name.TrimEnd('.')), type);
}

/// <summary>What a server answered.</summary>
/// <param name="Code">0 is no error, 2 the server failed, 3 the name does not exist, 5 refused (RFC 1035, 4.1.1).</param>
/// <param name="IsTruncated">Whether the answer did not fit, and has to be asked for over TCP.</param>
/// <param name="Answers">The answer section, in the order of the message.</param>
internal sealed record DnsResponse(int Code, bool IsTruncated, IReadOnlyList<DnsRecord> Answers)
{
    /// <summary>The word for the code.</summary>
    public string CodeText => Code switch
    {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        _ => $"RCODE {Code}",
    };
}

/// <summary>One record of an answer.</summary>
/// <param name="Name">Its owner, without the dot at its end.</param>
/// <param name="Type">Its type; one without a name in <see cref="DnsType"/> is kept as its number.</param>
/// <param name="Ttl">How long it may be kept.</param>
/// <param name="Text">Its data as zone files write it, names without the dot at their end.</param>
internal sealed record DnsRecord(string Name, DnsType Type, TimeSpan Ttl, string Text)
{
    /// <summary>A and AAAA: the address.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>CNAME: the name it stands for. SRV: the host.</summary>
    public string? Target { get; init; }

    /// <summary>SRV: the lowest is asked first.</summary>
    public int Priority { get; init; }

    /// <summary>SRV: the share among those of equal priority.</summary>
    public int Weight { get; init; }

    /// <summary>SRV: the port of the service.</summary>
    public int Port { get; init; }
}
