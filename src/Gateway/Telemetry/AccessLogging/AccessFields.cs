using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Unicode;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>How values look in both forms of the access log.</summary>
internal static class AccessFields
{
    /// <summary>Room for a time such as <c>2030-01-31T23:59:59.999Z</c>.</summary>
    public const int TimeLength = 24;

    /// <summary>Room for the longest IPv6 address with its zone.</summary>
    public const int AddressLength = 65;

    public static int WriteTime(DateTimeOffset time, Span<byte> to)
    {
        time.UtcDateTime.TryFormat(to, out var length, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        return length;
    }

    /// <summary>Room for such an address and a port.</summary>
    public const int EndPointLength = AddressLength + 8;

    /// <summary>Writes an address with its port; IPv6 in brackets.</summary>
    public static int WriteEndPoint(IPAddress address, int port, Span<byte> to)
    {
        var plain = Plain(address);
        _ = plain.AddressFamily == AddressFamily.InterNetworkV6
            ? Utf8.TryWrite(to, CultureInfo.InvariantCulture, $"[{plain}]:{port}", out var length)
            : Utf8.TryWrite(to, CultureInfo.InvariantCulture, $"{plain}:{port}", out length);
        return length;
    }

    /// <summary>Milliseconds with at most three places after the point.</summary>
    public static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    /// <summary>The address without the <c>::ffff:</c> of an IPv4 client on a socket for both families.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
