using System.Net;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Checks what a virtual server asks of the kernel.</summary>
internal static class ForwardingCheck
{
    public static void Check(Section section, VirtualServerOptions options, ClusterOptions cluster)
    {
        switch (options.Forwarding)
        {
            case "tunnel":
                section.Error("Forwarding", "is not possible: nf_tables cannot put packets into others",
                    "Use direct for destinations on a segment of this machine, nat for others.");
                return;
            case "nat" or "direct":
                CheckAddresses(section, options);
                CheckDestinations(section, options, cluster);
                break;
        }

        CheckKeys(section, options);
    }

    private static void CheckAddresses(Section section, VirtualServerOptions options)
    {
        foreach (var (element, endPoint) in section.Child("Listen").Elements.Zip(options.Listen))
        {
            if (endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                element.Error($"is every address, and {options.Forwarding} forwarding needs one",
                    "Name the virtual address that clients use.");
            }
            else if (endPoint.Port == 0)
            {
                element.Error($"has no port, and {options.Forwarding} forwarding needs one", "Name the port that clients use.");
            }
        }
    }

    private static void CheckDestinations(Section section, VirtualServerOptions options, ClusterOptions cluster)
    {
        foreach (var destination in cluster.Destinations)
        {
            if (!IPAddress.TryParse(destination.Address.DnsSafeHost, out _))
            {
                section.Error("Forwarding", $"needs addresses, and destination '{destination.Id}' has a name, {destination.Address}",
                    "Write its IP address, or use Forwarding relay.");
                return;
            }

            if (options.Forwarding == "direct" && options.Listen.Any(listen => listen.Port != destination.Address.Port))
            {
                section.Error("Forwarding", $"cannot change the port, and destination '{destination.Id}' has {destination.Address.Port}",
                    "Give destinations the port of Listen, or use nat.");
                return;
            }
        }
    }

    private static void CheckKeys(Section section, VirtualServerOptions options)
    {
        var isKernel = options.Forwarding is "nat" or "direct";
        if (options.Interface is not null && !isKernel)
        {
            section.Error("Interface", $"has no effect with Forwarding {options.Forwarding}", "Remove it.");
        }

        if (options.AssignAddress && !isKernel)
        {
            section.Error("AssignAddress", $"has no effect with Forwarding {options.Forwarding}", "Remove it.");
        }
        else if (options.AssignAddress && options.Interface is null)
        {
            section.Error("AssignAddress", "needs to know where", "Name the network interface in Interface.");
        }

        if (options.Masquerade && options.Forwarding != "nat")
        {
            section.Error("Masquerade", $"has no effect with Forwarding {options.Forwarding}", "Remove it, or use nat.");
        }

        if (options.Stateless && options.Forwarding != "nat")
        {
            section.Error("Stateless", $"has no effect with Forwarding {options.Forwarding}", "Remove it, or use nat.");
        }
        else if (options is { Stateless: true, Masquerade: true })
        {
            section.Error("Stateless", "contradicts Masquerade, which gives connections ports of this machine and must remember them",
                "Remove one of the two.");
        }
    }
}
