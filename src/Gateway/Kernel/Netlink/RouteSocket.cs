using System.Net;
using System.Net.Sockets;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Netlink;

/// <summary>Interfaces, addresses and routes of this machine.</summary>
/// <remarks>Source: rtnetlink(7), include/uapi/linux/rtnetlink.h, if_addr.h.</remarks>
internal sealed class RouteSocket : IDisposable
{
    private const byte FamilyIPv4 = 2;
    private const byte FamilyIPv6 = 10;
    private const int NewAddress = 20;
    private const int DeleteAddress = 21;
    private const int GetLink = 18;
    private const int GetAddress = 22;
    private const int GetRoute = 26;
    private const ushort CreateExclusively = 0x400 | 0x200;

    /// <summary>Answers take a page each in the socket's queue.</summary>
    private const int QuestionsAtOnce = 128;

    /// <summary>An IPv6 address is usable at once, without a second's wait for others that might have it.</summary>
    private const byte NoDuplicateDetection = 2;

    private readonly NetlinkSocket _socket = new(NetlinkSocket.Route);

    /// <summary>All interfaces by name.</summary>
    public Dictionary<string, Device> Devices() => Links().ToDictionary(link => link.Key, link => link.Value.Device);

    /// <summary>The same, as they stand.</summary>
    public Dictionary<string, Link> Links()
    {
        const uint upAndRunning = 0x1 | 0x40;
        var links = new Dictionary<string, Link>();
        new NetlinkRequest(_socket, GetLink, 16, "listing interfaces").List(links.Clear, message =>
        {
            var index = BitConverter.ToInt32(message.Payload[4..]);
            var flags = BitConverter.ToUInt32(message.Payload[8..]);
            var (name, address) = ((string?)null, Array.Empty<byte>());
            foreach (var attribute in message.Attributes(16))
            {
                name = attribute.Type == 3 ? attribute.Text : name;
                address = attribute.Type == 1 ? attribute.Value.ToArray() : address;
            }

            if (name is not null)
            {
                links[name] = new Link(new Device(name, index), address, (flags & upAndRunning) == upAndRunning);
            }
        });
        return links;
    }

    /// <summary>All addresses and the interface of each; one that several have is that of the last.</summary>
    public Dictionary<IPAddress, Device> Addresses(IReadOnlyDictionary<string, Device> devices)
    {
        var addresses = new Dictionary<IPAddress, Device>();
        foreach (var (address, device) in AddressesOf(devices.Values))
        {
            addresses[address] = device;
        }

        return addresses;
    }

    /// <summary>All addresses of these interfaces.</summary>
    public List<(IPAddress Address, Device Device)> AddressesOf(IEnumerable<Device> devices)
    {
        var byIndex = devices.ToDictionary(device => device.Index);
        var addresses = new List<(IPAddress, Device)>();
        new NetlinkRequest(_socket, GetAddress, 8, "listing addresses").List(addresses.Clear, message =>
        {
            var index = BitConverter.ToInt32(message.Payload[4..]);
            IPAddress? address = null;
            foreach (var attribute in message.Attributes(8))
            {
                // On a point-to-point interface attribute 1 is the other end; 2 is always ours.
                address = attribute.Type == 2 || (attribute.Type == 1 && address is null)
                    ? new IPAddress(attribute.Value) : address;
            }

            if (address is not null && byIndex.TryGetValue(index, out var device))
            {
                addresses.Add((address, device));
            }
        });
        return addresses;
    }

    /// <summary>By which interface packets to each of these addresses leave, whether straight to it, and with which source;
    /// null where there is no way.</summary>
    public RouteTo?[] Ways(IReadOnlyList<IPAddress> addresses)
    {
        var ways = new RouteTo?[addresses.Count];
        var requests = new List<NetlinkRequest>(QuestionsAtOnce);
        for (var from = 0; from < ways.Length; from += QuestionsAtOnce)
        {
            requests.Clear();
            for (var i = from; i < ways.Length && requests.Count < QuestionsAtOnce; i++)
            {
                requests.Add(WayRequest(addresses[i]));
            }

            // Unreachable in one of many ways is no answer: the caller says so with the destination's name.
            var begin = from;
            NetlinkRequest.Get(requests, (number, answer) => ways[begin + number] = ReadWay(answer));
        }

        return ways;
    }

    /// <summary>Puts a single address on an interface; false when it is there already.</summary>
    public bool Add(IPAddress address, Device device)
    {
        try
        {
            Change(NewAddress, address, device, $"adding {address} to {device.Name}").Execute(CreateExclusively);
            return true;
        }
        catch (NetlinkException e) when (e.Error == NetlinkException.Exists)
        {
            return false;
        }
    }

    /// <summary>Takes it off again.</summary>
    public void Remove(IPAddress address, Device device) =>
        Change(DeleteAddress, address, device, $"removing {address} from {device.Name}").Execute();

    public void Dispose() => _socket.Dispose();

    private static byte Family(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 ? FamilyIPv6 : FamilyIPv4;

    private NetlinkRequest WayRequest(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var request = new NetlinkRequest(_socket, GetRoute, 12, "looking for ways to destinations");
        request.Buffer.PatchByte(NetlinkMessage.HeaderLength, Family(address));
        request.Buffer.PatchByte(NetlinkMessage.HeaderLength + 1, (byte)(bytes.Length * 8));
        request.Buffer.Raw(1, bytes);
        return request;
    }

    private static RouteTo ReadWay(NetlinkMessage message)
    {
        const byte unicast = 1;
        var (device, isNeighbour, source) = (0, message.Payload[7] == unicast, (IPAddress?)null);
        foreach (var attribute in message.Attributes(12))
        {
            device = attribute.Type == 4 ? BitConverter.ToInt32(attribute.Value) : device;
            isNeighbour &= attribute.Type is not (5 or 18);
            source = attribute.Type == 7 ? new IPAddress(attribute.Value) : source;
        }

        return new RouteTo(device, isNeighbour, source);
    }

    private NetlinkRequest Change(int type, IPAddress address, Device device, string what)
    {
        var bytes = address.GetAddressBytes();
        var request = new NetlinkRequest(_socket, type, 8, what);
        const int header = NetlinkMessage.HeaderLength;
        request.Buffer.PatchByte(header, Family(address));
        request.Buffer.PatchByte(header + 1, (byte)(bytes.Length * 8));
        request.Buffer.PatchByte(header + 2, bytes.Length == 16 ? NoDuplicateDetection : (byte)0);
        request.Buffer.Patch(header + 4, (uint)device.Index);
        request.Buffer.Raw(1, bytes);
        request.Buffer.Raw(2, bytes);
        if (bytes.Length == 16)
        {
            // Valid for ever and never preferred: as the address with the longest prefix it would else become the source of
            // this machine's own packets, and destinations that have it too would answer themselves.
            var times = request.Buffer.Attribute(6, 16);
            times[4..8].Fill(0xff);
        }

        return request;
    }
}

/// <summary>The route to an address.</summary>
/// <param name="Device">The number of the interface.</param>
/// <param name="IsNeighbour">Whether it leads straight to the address, not by way of a router.</param>
/// <param name="Source">The address this machine's own packets have; null is none in particular.</param>
internal sealed record RouteTo(int Device, bool IsNeighbour, IPAddress? Source);

/// <summary>An interface as it stands.</summary>
/// <param name="Device">Its name and number.</param>
/// <param name="Address">Its hardware address; empty when it has none.</param>
/// <param name="IsRunning">Whether it is set up and has a carrier.</param>
internal sealed record Link(Device Device, byte[] Address, bool IsRunning);
