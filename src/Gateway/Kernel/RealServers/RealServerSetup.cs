using System.Globalization;
using System.Net;
using Gateway.Kernel.Netlink;
using Gateway.Kernel.Rules;

namespace Gateway.Kernel.RealServers;

/// <summary>Sets a destination of direct forwarding up, takes it back, and finds out what is wrong.</summary>
internal static class RealServerSetup
{
    private const string Loopback = "lo";

    /// <summary>Does what the plan says.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    /// <exception cref="IOException">A setting could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same for want of a privilege.</exception>
    public static void Apply(RealServerPlan plan)
    {
        if (plan.Method == RealServerMethod.Redirect)
        {
            Write(plan.Table());
            return;
        }

        foreach (var (key, value) in plan.Settings.Where(setting => Setting(setting.Key) < setting.Value))
        {
            File.WriteAllText(PathOf(key), value.ToString(CultureInfo.InvariantCulture));
        }

        using var routes = new RouteSocket();
        foreach (var address in plan.Addresses)
        {
            routes.Add(address, routes.Devices()[Loopback]);
        }
    }

    /// <summary>Takes back what <see cref="Apply"/> did, but for the settings, which other addresses may need.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static void Undo(RealServerPlan plan)
    {
        if (plan.Method == RealServerMethod.Redirect)
        {
            Write(null);
            return;
        }

        using var routes = new RouteSocket();
        var devices = routes.Devices();
        var present = routes.Addresses(devices);
        foreach (var address in plan.Addresses.Where(address => present.GetValueOrDefault(address)?.Name == Loopback))
        {
            routes.Remove(address, devices[Loopback]);
        }
    }

    /// <summary>Everything that is wrong, each with its remedy; nothing when all is well.</summary>
    public static IReadOnlyList<string> Check(RealServerPlan plan)
    {
        using var routes = new RouteSocket();
        var devices = routes.Devices();
        var present = routes.Addresses(devices);
        var wrong = new List<string>();
        if (plan.Method == RealServerMethod.Redirect)
        {
            using var socket = new NetlinkSocket(NetlinkSocket.Netfilter);
            if (new NftReader(socket).Find(TableFamily.Inet, RealServerPlan.TableName) is null)
            {
                wrong.Add($"there is no table inet {RealServerPlan.TableName}: run with --apply");
            }

            wrong.AddRange(plan.Addresses.Where(present.ContainsKey).Select(address =>
                $"{address} is on {present[address].Name}: with redirect no interface must have it; run ip addr del {address} dev {present[address].Name}"));
            return wrong;
        }

        foreach (var address in plan.Addresses)
        {
            CheckAddress(address, present.GetValueOrDefault(address)?.Name, wrong);
        }

        foreach (var (key, value) in plan.Settings)
        {
            var loud = devices.Keys.Where(name => name != Loopback && Effective(key, name) < value).ToArray();
            if (loud.Length > 0)
            {
                wrong.Add($"{key} is {Setting(key)}, so {string.Join(", ", loud)} tells the segment of the address: "
                    + $"set it to {value}, before the address is added");
            }
        }

        return wrong;
    }

    private static void CheckAddress(IPAddress address, string? device, List<string> wrong)
    {
        if (device is null)
        {
            wrong.Add($"no interface has {address}: run ip addr add {address}/{RealServerPlan.Bits(address)} dev lo");
        }
        else if (device != Loopback && RealServerPlan.Bits(address) == 128)
        {
            wrong.Add($"{address} is on {device}, which answers for it: it must be on lo");
        }
    }

    // The kernel takes the larger of the value for all and that of the interface.
    private static int Effective(string key, string device) => Math.Max(
        Setting(key), Setting(key.Replace(".all.", $".{device.Replace('.', '/')}.", StringComparison.Ordinal)));

    private static int Setting(string key) => File.Exists(PathOf(key))
        && int.TryParse(File.ReadAllText(PathOf(key)), CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static string PathOf(string key) => "/proc/sys/" + string.Join('/', key.Split('.').Select(part => part.Replace('/', '.')));

    private static void Write(NftTable? table)
    {
        using var socket = new NetlinkSocket(NetlinkSocket.Netfilter);
        var before = new NftReader(socket).Find(TableFamily.Inet, RealServerPlan.TableName);
        var batch = new NftBatch(socket);
        NftDelta.Write(batch, before, table, flags: 0);
        batch.Commit();
    }
}
