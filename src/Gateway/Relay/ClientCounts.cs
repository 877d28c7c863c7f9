using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Relay;

/// <summary>How many connections each client of a virtual server has. All members may be called from any thread.</summary>
/// <remarks>A client is an IPv4 address or an IPv6 network of 64 bits: whoever has one address of such a network mostly
/// has them all. There are never more entries than connections.</remarks>
internal sealed class ClientCounts
{
    private readonly ConcurrentDictionary<(bool IsIPv6, ulong Network), int> _counts = new();

    /// <summary>Counts a connection; false, and nothing counted, when the client has as many already.</summary>
    public bool TryAdd(IPAddress client, int most)
    {
        var key = KeyOf(client);
        while (true)
        {
            if (!_counts.TryGetValue(key, out var count))
            {
                if (_counts.TryAdd(key, 1))
                {
                    return true;
                }
            }
            else if (count >= most)
            {
                return false;
            }
            else if (_counts.TryUpdate(key, count + 1, count))
            {
                return true;
            }
        }
    }

    public void Remove(IPAddress client)
    {
        var key = KeyOf(client);
        while (_counts.TryGetValue(key, out var count))
        {
            if (count == 1 ? _counts.TryRemove(KeyValuePair.Create(key, 1)) : _counts.TryUpdate(key, count - 1, count))
            {
                return;
            }
        }
    }

    private static (bool IsIPv6, ulong Network) KeyOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? (false, BitConverter.ToUInt32(bytes))
            : (true, BitConverter.ToUInt64(bytes));
    }
}
