using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gateway.EventLoop;

/// <summary>An address and port in the form the kernel reads and writes.</summary>
/// <remarks>
/// struct sockaddr_in: family, port in network order, four bytes of address. struct sockaddr_in6: family, port, flow
/// information, sixteen bytes of address, scope. The family is in host order, and so is the scope.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = MaxLength)]
internal struct NativeAddress : IEquatable<NativeAddress>
{
    public const int MaxLength = 28;

    private const int Length4 = 16;

    [FieldOffset(0)] private readonly ushort _family;
    [FieldOffset(2)] private readonly ushort _port;
    [FieldOffset(4)] private readonly uint _address4;
    [FieldOffset(8)] private readonly Address6 _address6;
    [FieldOffset(24)] private readonly uint _scope;

    public NativeAddress(IPAddress address, int port)
    {
        _port = Swap((ushort)port);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            _family = Libc.FamilyInterNetwork;
            address.TryWriteBytes(MemoryMarshal.AsBytes(new Span<uint>(ref _address4)), out _);
        }
        else
        {
            _family = Libc.FamilyInterNetworkV6;
            address.TryWriteBytes(_address6, out _);
            _scope = (uint)address.ScopeId;
        }
    }

    private NativeAddress(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == sizeof(uint))
        {
            _family = Libc.FamilyInterNetwork;
            _address4 = MemoryMarshal.Read<uint>(bytes);
        }
        else
        {
            _family = Libc.FamilyInterNetworkV6;
            bytes.CopyTo(_address6);
        }
    }

    public readonly int Family => _family;

    /// <summary>Whether it is no address at all.</summary>
    public readonly bool IsNone => _family == 0;

    /// <summary>How many bytes of it the kernel looks at.</summary>
    public readonly uint Length => _family == Libc.FamilyInterNetwork ? Length4 : (uint)MaxLength;

    public readonly int Port => Swap(_port);

    /// <summary>An address, without port, of four or sixteen bytes.</summary>
    public static NativeAddress FromBytes(ReadOnlySpan<byte> bytes) => new(bytes);

    /// <summary>Writes the four or sixteen bytes of the address.</summary>
    public readonly void CopyBytes(Span<byte> bytes)
    {
        if (_family == Libc.FamilyInterNetwork)
        {
            MemoryMarshal.Write(bytes, _address4);
        }
        else
        {
            ((ReadOnlySpan<byte>)_address6).CopyTo(bytes);
        }
    }

    /// <summary>The address; an IPv4 address in IPv6 form becomes IPv4.</summary>
    public readonly IPAddress ToIPAddress()
    {
        if (_family == Libc.FamilyInterNetwork)
        {
            return new IPAddress(_address4);
        }

        var address = new IPAddress(_address6, _scope);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    /// <summary>Whether address, port and scope are the same; the flow information of IPv6 is none of either.</summary>
    public readonly bool Equals(NativeAddress other) =>
        _family == other._family && _port == other._port
        && (_family == Libc.FamilyInterNetwork
            ? _address4 == other._address4
            : ((ReadOnlySpan<byte>)_address6).SequenceEqual(other._address6) && _scope == other._scope);

    public override readonly bool Equals(object? obj) => obj is NativeAddress other && Equals(other);

    public override readonly int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(_port);
        if (_family == Libc.FamilyInterNetwork)
        {
            hash.Add(_address4);
        }
        else
        {
            hash.AddBytes(_address6);
        }

        return hash.ToHashCode();
    }

    private static ushort Swap(ushort value) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    [InlineArray(16)]
    private struct Address6
    {
        private byte _first;
    }
}
