using Gateway.Kernel.Netlink;
using Gateway.Kernel.RealServers;

namespace Gateway.Commands;

/// <summary>The <c>realserver</c> command: sets up a destination of direct forwarding.</summary>
internal static class RealServerCommand
{
    /// <summary>Prints what is to be done, or does it.</summary>
    public static int Run(RealServerPlan plan, bool undo, bool apply, TextWriter output, TextWriter errors)
    {
        if (!apply)
        {
            output.Write(undo ? plan.ToUndoText() : plan.ToText());
            return 0;
        }

        try
        {
            if (undo)
            {
                RealServerSetup.Undo(plan);
            }
            else
            {
                RealServerSetup.Apply(plan);
            }

            return 0;
        }
        catch (Exception e) when (e is NetlinkException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{e.Message}. It needs root or the capability NET_ADMIN.");
            return 1;
        }
    }

    /// <summary>Tells everything that is wrong.</summary>
    public static int Check(RealServerPlan plan, TextWriter output, TextWriter errors)
    {
        try
        {
            var wrong = RealServerSetup.Check(plan);
            foreach (var line in wrong)
            {
                output.WriteLine(line);
            }

            return wrong.Count == 0 ? 0 : 1;
        }
        catch (NetlinkException e)
        {
            errors.WriteLine($"{e.Message}. It needs root or the capability NET_ADMIN.");
            return 1;
        }
    }
}
