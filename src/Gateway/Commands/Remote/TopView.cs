using Spectre.Console;

namespace Gateway.Commands.Remote;

/// <summary><c>gateway top</c>: all clusters with their destinations, drawn anew each second.</summary>
internal static class TopView
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(1);

    /// <summary>Draws until the user types q, or once.</summary>
    public static async Task RunAsync(GatewayClient client, Screen screen, bool once, CancellationToken cancellation)
    {
        if (once || System.Console.IsInputRedirected || System.Console.IsOutputRedirected)
        {
            await DrawAsync(client, screen);
            return;
        }

        while (!cancellation.IsCancellationRequested)
        {
            screen.Console.Clear();
            await DrawAsync(client, screen);
            using var second = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            second.CancelAfter(_period);
            if (await TypedAsync(second.Token) is 'q' or 'Q')
            {
                return;
            }
        }
    }

    private static async Task DrawAsync(GatewayClient client, Screen screen)
    {
        foreach (var cluster in Tables.Items(await client.GetAsync("clusters?destinations=true")))
        {
            screen.Draw(Tables.Destinations, cluster!);
            screen.Console.WriteLine();
        }
    }

    /// <summary>The key that was typed before the time was over, else nothing.</summary>
    private static async Task<char> TypedAsync(CancellationToken deadline)
    {
        while (!deadline.IsCancellationRequested)
        {
            if (System.Console.KeyAvailable)
            {
                return System.Console.ReadKey(intercept: true).KeyChar;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }

        return '\0';
    }
}
