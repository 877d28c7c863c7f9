using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>Where a line of the access log is made, byte by byte, and how values look in both of its forms. One line after the other; not
/// thread-safe.</summary>
internal sealed class LineWriter
{
    private const int Usual = 1024;
    private const int MostKept = 64 * 1024;

    // A long path, each byte of it escaped, makes it grow.
    private byte[] _bytes = new byte[Usual];
    private int _length;

    /// <summary>What was written since <see cref="Clear"/>.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Clear()
    {
        _length = 0;
        if (_bytes.Length > MostKept)
        {
            _bytes = new byte[Usual];
        }
    }

    public void Put(byte value) => Room(1)[_length++] = value;

    public void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length).AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>Text that is known to be ASCII, or is to be written as UTF-8.</summary>
    public void Put(ReadOnlySpan<char> text)
    {
        var room = Room(Encoding.UTF8.GetMaxByteCount(text.Length));
        _length += Encoding.UTF8.GetBytes(text, room.AsSpan(_length));
    }

    public void Put(long number)
    {
        const int MostDigits = 20;
        Utf8Formatter.TryFormat(number, Room(MostDigits).AsSpan(_length), out var written);
        _length += written;
    }

    /// <summary>A time such as <c>2030-01-31T23:59:59.999Z</c>.</summary>
    public void Put(DateTimeOffset time)
    {
        var (date, clock) = time.UtcDateTime;
        PutDigits(date.Year, 4, (byte)'-');
        PutDigits(date.Month, 2, (byte)'-');
        PutDigits(date.Day, 2, (byte)'T');
        PutDigits(clock.Hour, 2, (byte)':');
        PutDigits(clock.Minute, 2, (byte)':');
        PutDigits(clock.Second, 2, (byte)'.');
        PutDigits(clock.Millisecond, 3, (byte)'Z');
    }

    /// <summary>Milliseconds with at most three places after the point.</summary>
    public void PutMilliseconds(TimeSpan time)
    {
        var microseconds = (time.Ticks + (TimeSpan.TicksPerMicrosecond / 2)) / TimeSpan.TicksPerMicrosecond;
        var (whole, rest) = Math.DivRem(microseconds, 1000);
        Put(whole);
        if (rest <= 0)
        {
            return;
        }

        var places = 3;
        while (rest % 10 == 0)
        {
            rest /= 10;
            places--;
        }

        Put((byte)'.');
        PutDigits((int)rest, places);
    }

    /// <summary>The address without the <c>::ffff:</c> of an IPv4 client on a socket for both families.</summary>
    public void Put(IPAddress address)
    {
        // The longest is an IPv6 address with its zone.
        const int MostBytes = 65;
        Plain(address).TryFormat(Room(MostBytes).AsSpan(_length), out var written);
        _length += written;
    }

    /// <summary>An address with its port; IPv6 in brackets.</summary>
    public void PutEndPoint(IPAddress address, int port)
    {
        var isBracketed = Plain(address).AddressFamily == AddressFamily.InterNetworkV6;
        if (isBracketed)
        {
            Put((byte)'[');
        }

        Put(address);
        Put(isBracketed ? "]:"u8 : ":"u8);
        Put(port);
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private void PutDigits(int value, int digits, byte end)
    {
        PutDigits(value, digits);
        Put(end);
    }

    private void PutDigits(int value, int digits)
    {
        var to = Room(digits).AsSpan(_length, digits);
        for (var i = digits - 1; i >= 0; i--)
        {
            (value, var digit) = Math.DivRem(value, 10);
            to[i] = (byte)('0' + digit);
        }

        _length += digits;
    }

    private byte[] Room(int bytes)
    {
        if (_bytes.Length - _length < bytes)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + bytes));
        }

        return _bytes;
    }
}
