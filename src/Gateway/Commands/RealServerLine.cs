using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Gateway.Kernel.RealServers;

namespace Gateway.Commands;

/// <summary>The words of the <c>realserver</c> command.</summary>
internal static class RealServerLine
{
    public static Command Create()
    {
        var addresses = new Option<IPAddress[]>("--vip")
        {
            Description = "A virtual address; several, IPv4 and IPv6, may be named.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
            CustomParser = ParseAddresses,
        };
        var method = new Option<RealServerMethod>("--method")
        {
            Description = "arp: the address on lo, kept quiet about; redirect: no address, rules lead its packets to this machine.",
        };
        var apply = new Option<bool>("--apply") { Description = "Does it." };
        var undo = new Option<bool>("--undo") { Description = "Takes it back; prints how, without --apply." };
        var check = new Option<bool>("--check") { Description = "Tells what is wrong on this machine; exit 1 when anything is." };
        var command = new Command(
            "realserver", "Prints what a destination of direct forwarding needs, or does it, on the destination itself.")
        {
            addresses, method, apply, undo, check,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(check) && (result.GetValue(apply) || result.GetValue(undo)))
            {
                result.AddError("--check changes nothing and goes with neither --apply nor --undo.");
            }
        });
        command.SetAction(parsed =>
        {
            var plan = new RealServerPlan(parsed.GetValue(addresses)!, parsed.GetValue(method));
            return parsed.GetValue(check) ? RealServerCommand.Check(plan, Console.Out, Console.Error)
                : RealServerCommand.Run(plan, parsed.GetValue(undo), parsed.GetValue(apply), Console.Out, Console.Error);
        });
        return command;
    }

    private static IPAddress[] ParseAddresses(ArgumentResult result)
    {
        var addresses = new List<IPAddress>();
        foreach (var token in result.Tokens)
        {
            if (IPAddress.TryParse(token.Value, out var address))
            {
                addresses.Add(address);
            }
            else
            {
                result.AddError($"--vip '{token.Value}' is not an IP address.");
            }
        }

        return [.. addresses.Distinct()];
    }
}
