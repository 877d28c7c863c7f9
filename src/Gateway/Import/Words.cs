using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Gateway.Import;

/// <summary>Reads the words that all formats share: addresses, ports, numbers.</summary>
internal static partial class Words
{
    /// <summary>What ShutdownTimeout, ConnectTimeout, ActivityTimeout and Queue:Timeout take: a timer can do no more.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromDays(24);

    /// <summary>Ports of the service names that load balancers are configured with (IANA; <c>/etc/services</c>).</summary>
    private static readonly Dictionary<string, int> _services = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ftp-data"] = 20,
        ["ftp"] = 21,
        ["ssh"] = 22,
        ["telnet"] = 23,
        ["smtp"] = 25,
        ["mail"] = 25,
        ["domain"] = 53,
        ["tftp"] = 69,
        ["http"] = 80,
        ["www"] = 80,
        ["kerberos"] = 88,
        ["pop3"] = 110,
        ["sunrpc"] = 111,
        ["nntp"] = 119,
        ["ntp"] = 123,
        ["imap2"] = 143,
        ["imap"] = 143,
        ["snmp"] = 161,
        ["ldap"] = 389,
        ["https"] = 443,
        ["submissions"] = 465,
        ["smtps"] = 465,
        ["ssmtp"] = 465,
        ["syslog"] = 514,
        ["submission"] = 587,
        ["ldaps"] = 636,
        ["imaps"] = 993,
        ["pop3s"] = 995,
        ["ms-sql-s"] = 1433,
        ["radius"] = 1812,
        ["nfs"] = 2049,
        ["mysql"] = 3306,
        ["ms-wbt-server"] = 3389,
        ["sip"] = 5060,
        ["sip-tls"] = 5061,
        ["xmpp-client"] = 5222,
        ["postgresql"] = 5432,
        ["amqp"] = 5672,
        ["redis"] = 6379,
        ["http-alt"] = 8080,
        ["webcache"] = 8080,
    };

    /// <summary>A port by number (1 to 65535) or service name, or null.</summary>
    public static int? Port(string word) =>
        Whole(word) is > 0 and <= 65535 and var port ? (int)port
        : _services.TryGetValue(word, out var known) ? known
        : null;

    /// <summary>A whole number without a sign, or null.</summary>
    public static long? Whole(string word) =>
        long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>An address in four parts or an IPv6 one, with or without brackets; null for a name and for .NET's short forms.
    /// </summary>
    public static IPAddress? Address(string word)
    {
        var bare = word.StartsWith('[') && word.EndsWith(']') ? word[1..^1] : word;
        return IPAddress.TryParse(bare, out var address)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 || bare.Count(c => c == '.') == 3)
            && !bare.Contains('%', StringComparison.Ordinal)
                ? address
                : null;
    }

    /// <summary>Whether the word may be the name of a host. Its last part begins with a letter: what ends with a number is a short
    /// form of an address, which not every resolver reads alike.</summary>
    public static bool IsHostName(string word) => word.Length is > 0 and <= 253 && HostName().IsMatch(word);

    /// <summary>The address of a destination, such as <c>tcp://10.0.0.1:25</c>, or null when the host is neither an address
    /// nor a name.</summary>
    public static string? Destination(string scheme, string host, int port) =>
        Address(host) is { } address ? $"{scheme}://{EndPoint(address, port)}"
        : IsHostName(host) ? string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{port}")
        : null;

    /// <summary>Host and port of <c>10.0.0.1:80</c>, <c>[::1]:80</c> or <c>web:http</c>; the port is empty where there is none.</summary>
    public static (string Host, string Port) Split(string word)
    {
        var bracket = word.LastIndexOf(']');
        var colon = word.LastIndexOf(':');
        // An IPv6 address without brackets has colons, and no port.
        return colon < 0 || colon < bracket || (bracket < 0 && word.IndexOf(':', StringComparison.Ordinal) != colon)
            ? (word, "")
            : (word[..colon], word[(colon + 1)..]);
    }

    /// <summary>A number with a fraction and without a sign, or null.</summary>
    public static double? Number(string word) =>
        double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number : null;

    /// <summary>Address and port as listeners write them.</summary>
    public static string EndPoint(IPAddress address, int port) => new IPEndPoint(address, port).ToString();

    /// <summary>The length of the prefix a netmask stands for, or null when its ones are not all in front.</summary>
    public static int? PrefixLength(string netmask)
    {
        if (Address(netmask) is not { AddressFamily: AddressFamily.InterNetwork } address)
        {
            return null;
        }

        var bits = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
        var ones = System.Numerics.BitOperations.LeadingZeroCount(~bits);
        return ones == 32 || bits << ones == 0 ? ones : null;
    }

    /// <summary>A time from a number that a stranger wrote: a year at the most.</summary>
    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(365).TotalSeconds));

    /// <summary>A time that Gateway waits for: at most what the keys of such times take.</summary>
    public static TimeSpan Wait(TimeSpan time) => time < LongestWait ? time : LongestWait;

    [GeneratedRegex("^([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\\.)*[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9_])?$")]
    private static partial Regex HostName();
}
