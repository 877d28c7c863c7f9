using System.Net;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>What tables hold of one target under NAT without connection tracking.</summary>
internal sealed class StatelessElements(uint id, IPEndPoint endPoint)
{
    private readonly Dictionary<(bool IsUdp, string Chain), NftElement> _leads = [];

    /// <summary>Its address, by its id.</summary>
    public NftElement Address { get; } = new(new Mark(id), new Address(endPoint.Address));

    /// <summary>Its port, by its id.</summary>
    public NftElement Port { get; } = new(new Mark(id), new PortNumber(endPoint.Port));

    /// <summary>Its id, address and port, in a set.</summary>
    public NftElement Place { get; } = new(new TargetPlace(id, endPoint));

    /// <summary>The chain for packets that come from it, or errors about those to it.</summary>
    public NftElement Lead(bool isUdp, string chain)
    {
        if (!_leads.TryGetValue((isUdp, chain), out var lead))
        {
            _leads[(isUdp, chain)] = lead = new NftElement(new ServicePort(isUdp, endPoint.Address, endPoint.Port), new Goto(chain));
        }

        return lead;
    }
}
