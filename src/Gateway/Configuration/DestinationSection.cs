using System.Net;
using Gateway.Clusters;
using Gateway.Names;

namespace Gateway.Configuration;

/// <summary>Reads one destination of a cluster.</summary>
internal static class DestinationSection
{
    private static readonly string[] _schemes = ["http", "https", "tcp", "udp"];

    /// <summary>The destination, or null when it has no usable address; what is wrong is reported either way.</summary>
    public static DestinationOptions? Read(Section section)
    {
        var resolve = section.Word("Resolve", NameLookup.All);
        var address = ReadAddress(section, "Address", mayLackPort: resolve == NameLookup.Srv);
        var probeAddress = section.Has("Health") ? ReadAddress(section, "Health") : null;
        var (upper, lower) = (section.Whole("UpperThreshold", 0), section.Whole("LowerThreshold", 0));
        if (lower > upper)
        {
            section.Error("LowerThreshold",
                upper == 0 ? "is set without UpperThreshold" : $"is more than UpperThreshold, {upper}",
                "Set UpperThreshold to the connections that are too many, and LowerThreshold to fewer.");
        }

        if (section.Text("Host") is { } host && host.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
        {
            section.Error("Host", "holds a blank or a control character", "Write a host name such as shop.example, with a port if need be.");
        }

        if (section.Has("BackupRank") && !section.Flag("Backup", false))
        {
            section.Error("BackupRank", "is set on a destination that is no backup", "Add \"Backup\": true, or remove it.");
        }

        CheckLookup(section, address, resolve);
        return address is null ? null : new DestinationOptions
        {
            Id = section.Id,
            Address = address,
            Resolve = resolve,
            Weight = section.Whole("Weight", 1),
            MaxConnections = section.Whole("MaxConnections", 0),
            UpperThreshold = upper,
            LowerThreshold = lower,
            Backup = section.Flag("Backup", false),
            BackupRank = section.Whole("BackupRank", 1),
            Host = section.Text("Host"),
            ProbeAddress = probeAddress,
        };
    }

    private static void CheckLookup(Section section, Uri? address, NameLookup resolve)
    {
        if (address is not null && section.Has("Resolve") && resolve != NameLookup.Off && IPAddress.TryParse(address.DnsSafeHost, out _))
        {
            section.Error("Resolve", "has no effect on an address", "Remove it, or write a name in Address.");
        }
        else if (address is not null && resolve != NameLookup.Off && address.HostNameType == UriHostNameType.Dns
            && !DnsName.IsName(address.DnsSafeHost))
        {
            section.Error("Address", "holds a name that cannot be looked up", "Labels have 1 to 63 letters, a name at most 253.");
        }
    }

    private static Uri? ReadAddress(Section section, string key, bool mayLackPort = false)
    {
        const string Remedy =
            "Write scheme, host and port, such as http://10.0.0.1:80, http://[2001:db8::1]:80 or tcp://10.0.0.1:25.";
        var text = section.Text(key);
        if (text is null)
        {
            // The schema has reported that the key is missing.
            return null;
        }

        var wrong = !Uri.TryCreate(text, UriKind.Absolute, out var address) ? "is not an address with scheme and host"
            : !_schemes.Contains(address.Scheme) ? $"has the scheme '{address.Scheme}', not http, https, tcp or udp"
            : address.Host.Length == 0 ? "names no host"
            : address.UserInfo.Length > 0 ? "holds a user name"
            : address.Port is -1 or 0 && !mayLackPort ? "names no port"
            : address.Scheme is "tcp" or "udp" && address.PathAndQuery.Trim('/').Length > 0
                ? $"has a path, which {address.Scheme} has not"
            : address.Query.Length + address.Fragment.Length > 0 ? "has a query or fragment"
            : null;
        if (wrong is not null)
        {
            section.Error(key, wrong, Remedy);
            return null;
        }

        return address;
    }
}
