using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>The key by which the maps of a service know one flow: what <see cref="FlowKeys"/> makes of its packets.</summary>
/// <param name="Client">The client.</param>
/// <param name="Port">The port it came to; null where that is not part of it.</param>
internal sealed record FlowKeyDatum(IPEndPoint Client, int? Port) : Datum
{
    public override string Text => string.Create(
        CultureInfo.InvariantCulture, $"{Client.Address} . {Client.Port}{(Port is { } port ? $" . {port}" : "")}");

    protected override byte[] Bytes()
    {
        var bytes = new byte[Port is null ? 8 : 12];
        var address = Client.Address.GetAddressBytes();
        if (Client.AddressFamily == AddressFamily.InterNetworkV6)
        {
            Span<byte> hashed = stackalloc byte[20];
            address.CopyTo(hashed);
            BinaryPrimitives.WriteUInt16BigEndian(hashed[16..], (ushort)Client.Port);
            BitConverter.TryWriteBytes(bytes, JenkinsHash.Of(hashed, Headers.Seed, uint.MaxValue));
        }
        else
        {
            address.CopyTo(bytes, 0);
        }

        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), (ushort)Client.Port);
        if (Port is { } port)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(8), (ushort)port);
        }

        return bytes;
    }
}
