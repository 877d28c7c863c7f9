using System.Globalization;
using System.Net;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>What tables hold of one target. It is made once and goes from plan to plan, so that two tables of a thousand
/// targets are compared by reference.</summary>
internal sealed class TargetElements
{
    public TargetElements(uint id, IPEndPoint endPoint, Device? device)
    {
        Id = id;
        EndPoint = endPoint;
        Device = device;
        var mark = new Mark(id);
        var suffix = id.ToString("x8", CultureInfo.InvariantCulture);
        Member = new NftElement(mark);
        Place = new NftElement(mark, device is null ? new AddressPort(endPoint.Address, endPoint.Port) : new Address(endPoint.Address));
        Way = device is null ? null : new NftElement(mark, device);
        Packets = NamedCounter.Of(mark, "packets_" + suffix);
        Answers = NamedCounter.Of(mark, "answers_" + suffix);
        Started = NamedCounter.Of(mark, "started_" + suffix);
        Ended = NamedCounter.Of(mark, "ended_" + suffix);
    }

    public uint Id { get; }

    /// <summary>What tables hold of it under NAT without connection tracking; made at its first use.</summary>
    public StatelessElements Stateless => field ??= new StatelessElements(Id, EndPoint);

    public IPEndPoint EndPoint { get; }

    public Device? Device { get; }

    /// <summary>Its id in sets of ids.</summary>
    public NftElement Member { get; }

    /// <summary>Where it is: an address, with NAT a port too.</summary>
    public NftElement Place { get; }

    /// <summary>The interface it is reached by; null with NAT.</summary>
    public NftElement? Way { get; }

    /// <summary>What is sent to it.</summary>
    public NamedCounter Packets { get; }

    /// <summary>What comes back from it, with NAT.</summary>
    public NamedCounter Answers { get; }

    /// <summary>Flows that began.</summary>
    public NamedCounter Started { get; }

    /// <summary>Flows that one side has closed, with direct forwarding.</summary>
    public NamedCounter Ended { get; }
}

/// <summary>A counter, and the element that leads from a target's id to it.</summary>
internal sealed record NamedCounter(string Name, NftElement Element)
{
    public static NamedCounter Of(Mark id, string name) => new(name, new NftElement(id, new CounterName(name)));

    /// <summary>Puts it into a table and a map of it.</summary>
    public void AddTo(NftTable table, NftSet map)
    {
        table.AddCounter(Name);
        map.Elements!.Add(Element);
    }
}
