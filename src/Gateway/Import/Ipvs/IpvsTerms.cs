using System.Globalization;
using System.Net;
using Gateway.Scheduling;

namespace Gateway.Import.Ipvs;

/// <summary>Translates the terms of IPVS, which ipvsadm, keepalived and ldirectord share.</summary>
internal static class IpvsTerms
{
    private const int LargestWeight = 65535;

    /// <summary>What IPVS keeps of a client without packets, unless told otherwise.</summary>
    public static TimeSpan KernelUdpTimeout { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Sets the scheduler and returns its name.</summary>
    public static string Scheduler(Draft cluster, string word, Statement? statement)
    {
        var name = Schedulers.Canonical(word);
        if (name is null)
        {
            statement?.Approximated($"'{word}' is no scheduler of Gateway; wlc, the default, is used");
        }
        else
        {
            statement?.Same();
        }

        cluster.Set("LoadBalancingPolicy", name ?? "wlc");
        return name ?? "wlc";
    }

    /// <summary>Sets what a flag of a scheduler says: sh-port, sh-fallback, mh-port, mh-fallback, or their numbers.</summary>
    public static void Flag(Draft cluster, string scheduler, string flag, Statement statement)
    {
        // ip_vs.h: flag 1 is fallback and flag 2 is port, for sh and mh alike.
        var meaning = flag switch
        {
            "sh-port" or "mh-port" or "flag-2" => "port",
            "sh-fallback" or "mh-fallback" or "flag-1" => "fallback",
            _ => "",
        };
        if (scheduler is not ("sh" or "mh") || meaning.Length == 0)
        {
            statement.Same($"{flag} is of no effect on {scheduler}, as in the kernel");
            return;
        }

        cluster.Section("Scheduler").Set(meaning == "port" ? "UsePort" : "Fallback", true);
        statement.Same();
    }

    /// <summary>Sets persistence by client address.</summary>
    public static void Persistence(Draft cluster, double seconds, Statement statement)
    {
        if (seconds < 1)
        {
            statement.Same("0 is off");
            return;
        }

        cluster.Section("Persistence").Set("Timeout", Words.Seconds(seconds));
        statement.Same();
    }

    /// <summary>Sets the part of an address clients are known by: a netmask, or a prefix length for IPv6.</summary>
    public static void Granularity(Draft cluster, string mask, Statement statement)
    {
        if (!cluster.Has("Persistence"))
        {
            statement.Same("of no effect without persistence");
        }
        else if (Words.Whole(mask) is >= 0 and <= 128 and var bits)
        {
            cluster.Section("Persistence").Set("Mask6", bits);
            statement.Same();
        }
        else if (Words.PrefixLength(mask) is { } prefix)
        {
            cluster.Section("Persistence").Set("Mask4", prefix);
            statement.Same();
        }
        else
        {
            statement.Approximated($"'{mask}' is no netmask with all its ones in front; clients are known by their whole address");
        }
    }

    public static void Weight(Draft destination, string word, Statement statement)
    {
        var weight = Words.Whole(word);
        switch (weight)
        {
            case null:
                statement.Approximated($"'{word}' is no weight; 1 is used");
                return;
            case > LargestWeight:
                statement.Approximated(string.Create(CultureInfo.InvariantCulture, $"the largest weight is {LargestWeight}"));
                break;
            default:
                statement.Same();
                break;
        }

        destination.Set("Weight", Math.Min(weight.Value, LargestWeight));
    }

    /// <summary>Sets the thresholds between which a server counts as overloaded.</summary>
    public static void Thresholds(Draft destination, (string Word, Statement Statement)? upper, (string Word, Statement Statement)? lower)
    {
        var most = Threshold(destination, "UpperThreshold", upper, LargestWeight);
        if (most == 0)
        {
            lower?.Statement.Same("of no effect without an upper threshold");
            return;
        }

        Threshold(destination, "LowerThreshold", lower, most);
    }

    /// <summary>The listening endpoint of a service, or null, with the reason told.</summary>
    public static IPEndPoint? Listen(string host, int? port, Statement statement)
    {
        if (port is not { } number)
        {
            statement.Impossible("a service of all ports: Gateway listens on ports it knows");
            return null;
        }

        if (Words.Address(host) is not { } address)
        {
            statement.Approximated($"'{host}' is no address, and listeners have addresses; all addresses are listened on");
            return new IPEndPoint(IPAddress.Any, number);
        }

        statement.Same();
        return new IPEndPoint(address, number);
    }

    private static long Threshold(Draft destination, string key, (string Word, Statement Statement)? value, long most)
    {
        if (value is not { } given)
        {
            return 0;
        }

        var number = Words.Whole(given.Word);
        if (number is null || number > most)
        {
            given.Statement.Approximated(string.Create(CultureInfo.InvariantCulture, $"'{given.Word}' is not from 0 to {most}; {(number is null ? 0 : most)} is used"));
        }
        else
        {
            given.Statement.Same();
        }

        var used = Math.Min(number ?? 0, most);
        if (used > 0)
        {
            destination.Set(key, used);
        }

        return used;
    }
}
