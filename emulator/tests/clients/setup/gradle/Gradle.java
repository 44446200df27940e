import java.io.File;
import java.util.*;
import org.gradle.api.internal.StartParameterInternal;
import org.gradle.initialization.*;
import org.gradle.internal.buildoption.Option;
import org.gradle.internal.buildprocess.BuildProcessState;
import org.gradle.internal.classpath.ClassPath;
import org.gradle.internal.instrumentation.agent.AgentStatus;
import org.gradle.internal.logging.LoggingManagerInternal;
import org.gradle.internal.logging.services.LoggingServiceRegistry;
import org.gradle.internal.nativeintegration.services.NativeServices;
import org.gradle.internal.service.ServiceRegistry;
import org.gradle.launcher.exec.*;
import org.gradle.tooling.internal.provider.action.ExecuteBuildAction;

/** Runs the tasks that are the arguments, with a configuration cache. Init scripts are in GRADLE_USER_HOME. */
public final class Gradle {
    public static void main(String[] args) throws Exception {
        File home = new File(System.getenv("GRADLE_USER_HOME"));
        File here = new File(System.getProperty("user.dir"));
        NativeServices.initializeOnDaemon(home, NativeServices.NativeServicesMode.DISABLED);
        ServiceRegistry logging = LoggingServiceRegistry.newCommandLineProcessLogging();
        LoggingManagerInternal manager = logging.newInstance(LoggingManagerInternal.class);
        manager.captureSystemSources();
        manager.attachProcessConsole(org.gradle.api.logging.configuration.ConsoleOutput.Plain);
        manager.start();
        StartParameterInternal start = new StartParameterInternal();
        start.setGradleUserHomeDir(home);
        start.setCurrentDir(here);
        start.setProjectDir(here);
        start.setConfigurationCache(Option.Value.value(true));
        start.setShowStacktrace(org.gradle.api.logging.configuration.ShowStacktrace.INTERNAL_EXCEPTIONS);
        start.setTaskNames(List.of(args));
        BuildProcessState state = new BuildProcessState(false, AgentStatus.disabled(), ClassPath.EMPTY, logging, NativeServices.getInstance());
        BuildExecutor executor = state.getServices().get(BuildExecutor.class);
        BuildActionResult result = executor.execute(
            new ExecuteBuildAction(start),
            new DefaultBuildActionParameters(System.getProperties(), System.getenv(), here, org.gradle.api.logging.LogLevel.LIFECYCLE, false, ClassPath.EMPTY),
            new DefaultBuildRequestContext(new DefaultBuildRequestMetaData(System.currentTimeMillis()), new DefaultBuildCancellationToken(), new NoOpBuildEventConsumer()));
        manager.stop();
        if (result.hasFailure() && result.getException() != null) result.getException().printStackTrace();
        System.exit(result.hasFailure() ? 1 : 0);
    }
}
