using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Gateway.Kernel.Netlink;

namespace Gateway.Kernel.Rules;

/// <summary>One key or value in a set, as text and as the attribute the kernel takes.</summary>
internal abstract record Datum
{
    private const int DataValue = 1;

    /// <summary>As in nft's language.</summary>
    public abstract string Text { get; }

    /// <summary>Writes the attribute <paramref name="type"/> that holds this.</summary>
    public virtual void WriteTo(NetlinkBuffer buffer, int type)
    {
        var data = buffer.Open(type);
        buffer.Raw(DataValue, Bytes());
        buffer.Close(data);
    }

    protected virtual byte[] Bytes() => throw new NotSupportedException($"{Text} is not made of bytes.");
}

/// <summary>A number in the machine's own byte order, as marks and slots are.</summary>
internal sealed record Mark(uint Value) : Datum
{
    private const int DataValue = 1;

    public override string Text => "0x" + Value.ToString("x8", CultureInfo.InvariantCulture);

    public override void WriteTo(NetlinkBuffer buffer, int type) => Write(buffer, type, Value);

    /// <summary>Writes the attribute <paramref name="type"/> that holds a number; thousands of slots need no object each.
    /// </summary>
    public static void Write(NetlinkBuffer buffer, int type, uint value)
    {
        var data = buffer.Open(type);
        BitConverter.TryWriteBytes(buffer.Attribute(DataValue, sizeof(uint)), value);
        buffer.Close(data);
    }
}

/// <summary>An IPv4 or IPv6 address.</summary>
internal sealed record Address(IPAddress Value) : Datum
{
    public override string Text => Value.ToString();

    protected override byte[] Bytes() => Value.GetAddressBytes();
}

/// <summary>An address and a port.</summary>
internal sealed record AddressPort(IPAddress Value, int Port) : Datum
{
    public override string Text => string.Create(CultureInfo.InvariantCulture, $"{Value} . {Port}");

    protected override byte[] Bytes()
    {
        var address = Value.GetAddressBytes();
        var bytes = new byte[address.Length + 4];
        address.CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(address.Length), (ushort)Port);
        return bytes;
    }
}

/// <summary>A port.</summary>
internal sealed record PortNumber(int Value) : Datum
{
    public override string Text => Value.ToString(CultureInfo.InvariantCulture);

    protected override byte[] Bytes() => [(byte)(Value >> 8), (byte)Value];
}

/// <summary>What a target is known by: its id, address and port.</summary>
internal sealed record TargetPlace(uint Id, IPEndPoint Value) : Datum
{
    public override string Text => $"{new Mark(Id).Text} . {new AddressPort(Value.Address, Value.Port).Text}";

    protected override byte[] Bytes()
    {
        var address = Value.Address.GetAddressBytes();
        var bytes = new byte[4 + address.Length + 4];
        BitConverter.TryWriteBytes(bytes, Id);
        address.CopyTo(bytes, 4);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4 + address.Length), (ushort)Value.Port);
        return bytes;
    }
}

/// <summary>What a packet to a virtual server is known by: protocol, address and port.</summary>
internal sealed record ServicePort(bool IsUdp, IPAddress Value, int Port) : Datum
{
    private const byte Tcp = 6;
    private const byte Udp = 17;

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"{(IsUdp ? "udp" : "tcp")} . {Value} . {Port}");

    protected override byte[] Bytes()
    {
        var address = Value.GetAddressBytes();
        var bytes = new byte[4 + address.Length + 4];
        bytes[0] = IsUdp ? Udp : Tcp;
        address.CopyTo(bytes, 4);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4 + address.Length), (ushort)Port);
        return bytes;
    }
}

/// <summary>A network interface.</summary>
internal sealed record Device(string Name, int Index) : Datum
{
    public override string Text => $"\"{Name}\"";

    protected override byte[] Bytes() => BitConverter.GetBytes(Index);
}

/// <summary>The verdict that evaluation goes on in another chain and does not come back.</summary>
internal sealed record Goto(string Chain) : Datum
{
    private const int DataVerdict = 2;

    public override string Text => $"goto {Chain}";

    public override void WriteTo(NetlinkBuffer buffer, int type)
    {
        var data = buffer.Open(type);
        var verdict = buffer.Open(DataVerdict);
        buffer.Number(1, unchecked((uint)Verdicts.Goto));
        buffer.Text(2, Chain);
        buffer.Close(verdict);
        buffer.Close(data);
    }
}

/// <summary>A named counter.</summary>
internal sealed record CounterName(string Name) : Datum
{
    public override string Text => $"\"{Name}\"";

    public override void WriteTo(NetlinkBuffer buffer, int type) => buffer.Text(type, Name);
}
